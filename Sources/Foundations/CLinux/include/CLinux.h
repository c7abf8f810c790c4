// What Swift's Glibc module lacks: variadic and _GNU_SOURCE calls, and sockaddr_nl. Every function returns -errno on failure, so that
// nothing that runs between the call and the reader can spoil errno.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CLINUX_CLONE_NEWNET 0x40000000
#define CLINUX_CLONE_NEWNS 0x00020000

// Namespaces (setns(2), unshare(2), linux/nsfs.h). All act on the calling thread alone.
int clinux_setns(int fd, int type);
int clinux_unshare(int flags);
// The CLONE_NEW* constant of the namespace that `fd` refers to; -ENOTTY where it is no namespace.
int clinux_namespace_type(int fd);
int clinux_gettid(void);
// What the calling thread is called in ps(1); 15 bytes count.
int clinux_name_thread(const char *name);

// Mounts: a namespace gets a name by a bind mount of /proc/thread-self/ns/net, as ip-netns(8) does.
int clinux_bind_mount(const char *source, const char *target, int recursive);
int clinux_make_shared(const char *target);
int clinux_make_slave_recursive(const char *target);
int clinux_mount_sysfs(const char *target);
int clinux_detach(const char *target);

// Open with O_CLOEXEC.
int clinux_open(const char *path, int flags, unsigned mode);

// Netlink sockets (netlink(7)). Opened with SOCK_CLOEXEC and bound to a port that the kernel chooses.
int clinux_netlink_open(int protocol, uint32_t *port);
int clinux_netlink_option(int fd, int option, int value);
// SO_SNDBUFFORCE or SO_RCVBUFFORCE, falling back to the unprivileged form.
int clinux_socket_buffer(int fd, int receive, int bytes);
ssize_t clinux_netlink_send(int fd, const void *bytes, size_t count);
// One datagram. `sender` is the port of who sent it (0 is the kernel). Sets `truncated` where `count` was too small.
ssize_t clinux_netlink_receive(int fd, void *bytes, size_t count, int nonblocking, uint32_t *sender, int *truncated);

// Keeps notices away whose first message was caused by the socket with this port, unless that message is of `exception`'s type.
int clinux_netlink_ignore_port(int fd, uint32_t port, uint16_t exception);

// Waits until `fd` or `waker` can be read: 1 for `fd`, 2 for `waker`.
int clinux_wait_readable(int fd, int waker);
int clinux_eventfd(void);
int clinux_eventfd_signal(int fd);
