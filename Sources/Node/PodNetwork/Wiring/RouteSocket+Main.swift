import Glibc
import NetTypes
import Netlink

extension RouteSocket {
    /// Routes of the main table. A table that never had a route does not exist for the kernel (ENOENT), as on a node without IPv6.
    func mainRoutes(_ family: IPAddress.Family, on link: Int32? = nil) throws(KernelError) -> [Route] {
        do throws(KernelError) {
            return try routes(family: family, table: Route.mainTable, link: link)
        } catch {
            guard error.code == ENOENT else { throw error }
            return []
        }
    }
}
