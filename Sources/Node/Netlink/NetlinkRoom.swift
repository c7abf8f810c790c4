enum NetlinkRoom {}
