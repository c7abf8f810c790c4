#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef NS_GET_NSTYPE
#define NS_GET_NSTYPE _IO(0xb7, 0x3)
#endif
#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

static int result(int value) { return value < 0 ? -errno : value; }

int clinux_setns(int fd, int type) { return result(setns(fd, type)); }
int clinux_unshare(int flags) { return result(unshare(flags)); }
int clinux_namespace_type(int fd) { return result(ioctl(fd, NS_GET_NSTYPE)); }
int clinux_gettid(void) { return (int)syscall(SYS_gettid); }
int clinux_name_thread(const char *name) { return result(prctl(PR_SET_NAME, name)); }

int clinux_bind_mount(const char *source, const char *target, int recursive) {
    return result(mount(source, target, "none", MS_BIND | (recursive ? MS_REC : 0), NULL));
}
int clinux_make_shared(const char *target) { return result(mount("", target, "none", MS_SHARED | MS_REC, NULL)); }
int clinux_make_slave_recursive(const char *target) {
    return result(mount("", target, "none", MS_SLAVE | MS_REC, NULL));
}
int clinux_mount_sysfs(const char *target) { return result(mount("sysfs", target, "sysfs", 0, NULL)); }
int clinux_detach(const char *target) { return result(umount2(target, MNT_DETACH)); }

int clinux_open(const char *path, int flags, unsigned mode) { return result(open(path, flags | O_CLOEXEC, mode)); }

int clinux_netlink_open(int protocol, uint32_t *port) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (fd < 0) return -errno;
    struct sockaddr_nl address = {.nl_family = AF_NETLINK};
    socklen_t length = sizeof address;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
        int code = errno;
        close(fd);
        return -code;
    }
    *port = address.nl_pid;
    return fd;
}

int clinux_netlink_option(int fd, int option, int value) {
    return result(setsockopt(fd, SOL_NETLINK, option, &value, sizeof value));
}

int clinux_socket_buffer(int fd, int receive, int bytes) {
    int forced = receive ? SO_RCVBUFFORCE : SO_SNDBUFFORCE;
    if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof bytes) == 0) return 0;
    return result(setsockopt(fd, SOL_SOCKET, receive ? SO_RCVBUF : SO_SNDBUF, &bytes, sizeof bytes));
}

ssize_t clinux_netlink_send(int fd, const void *bytes, size_t count) {
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t sent;
    do sent = sendto(fd, bytes, count, 0, (struct sockaddr *)&kernel, sizeof kernel);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

ssize_t clinux_netlink_receive(int fd, void *bytes, size_t count, int nonblocking, uint32_t *sender, int *truncated) {
    struct sockaddr_nl from = {0};
    struct iovec part = {.iov_base = bytes, .iov_len = count};
    struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1};
    ssize_t read;
    do read = recvmsg(fd, &message, nonblocking ? MSG_DONTWAIT : 0);
    while (read < 0 && errno == EINTR);
    if (read < 0) return -errno;
    *sender = from.nl_pid;
    *truncated = (message.msg_flags & MSG_TRUNC) != 0;
    return read;
}

int clinux_netlink_ignore_port(int fd, uint32_t port, uint16_t exception) {
    // Loads are in network order, the header is in the machine's: compare with swapped constants (htonl swaps where it must).
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_pid)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 0, 2),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(exception), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = sizeof steps / sizeof steps[0], .filter = steps};
    return result(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}

int clinux_wait_readable(int fd, int waker) {
    struct pollfd watched[2] = {{.fd = fd, .events = POLLIN}, {.fd = waker, .events = POLLIN}};
    while (poll(watched, 2, -1) < 0)
        if (errno != EINTR) return -errno;
    if (watched[1].revents) return 2;
    return 1;
}

int clinux_eventfd(void) { return result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

int clinux_eventfd_signal(int fd) {
    uint64_t one = 1;
    return write(fd, &one, sizeof one) < 0 ? -errno : 0;
}
