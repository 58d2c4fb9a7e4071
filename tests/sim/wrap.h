/*
 * The calls that ld's --wrap turns over to the simulator, by other names
 * than the linker's, which are reserved.  rules.mk has the same list.
 * Not here: kqueue(2) and kevent(2), which Linux does not have.
 */
#ifndef SIM_WRAP_H
#define SIM_WRAP_H

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <signal.h>
#include <stdio.h>
#include <time.h>

#define WRAP(name) __asm__("__wrap_" #name)
#define REAL(name) __asm__("__real_" #name)

struct epoll_event;

/* sim_memory.c */
void *real_malloc(size_t) REAL(malloc);
void *real_calloc(size_t, size_t) REAL(calloc);
void *real_aligned_alloc(size_t, size_t) REAL(aligned_alloc);
void real_free(void *) REAL(free);
void *wrap_malloc(size_t) WRAP(malloc);
void *wrap_calloc(size_t, size_t) WRAP(calloc);
void *wrap_aligned_alloc(size_t, size_t) WRAP(aligned_alloc);
void *wrap_reallocarray(void *, size_t, size_t) WRAP(reallocarray);
void wrap_free(void *) WRAP(free);

/* sim_process.c */
int wrap_clock_gettime(clockid_t, struct timespec *) WRAP(clock_gettime);
int wrap_sigaction(int, const struct sigaction *, struct sigaction *)
    WRAP(sigaction);
typedef void handler(int);
handler *wrap_signal(int, handler *) WRAP(signal);
int wrap_getrlimit(int, struct rlimit *) WRAP(getrlimit);
int wrap_setrlimit(int, const struct rlimit *) WRAP(setrlimit);
FILE *wrap_fopen(const char *, const char *) WRAP(fopen);
char *wrap_strerror_r(int, char *, size_t) WRAP(strerror_r);
pid_t wrap_fork(void) WRAP(fork);

/* sim_file.c */
int wrap_close(int) WRAP(close);
long wrap_syscall(long, ...) WRAP(syscall);
int wrap_pipe2(int[2], int) WRAP(pipe2);
int wrap_fcntl(int, int, ...) WRAP(fcntl);
ssize_t wrap_read(int, void *, size_t) WRAP(read);
ssize_t wrap_write(int, const void *, size_t) WRAP(write);

/* sim_socket.c */
int wrap_socket(int, int, int) WRAP(socket);
int wrap_bind(int, const struct sockaddr *, socklen_t) WRAP(bind);
int wrap_listen(int, int) WRAP(listen);
int wrap_accept4(int, struct sockaddr *, socklen_t *, int) WRAP(accept4);
int wrap_connect(int, const struct sockaddr *, socklen_t) WRAP(connect);
int wrap_getsockname(int, struct sockaddr *, socklen_t *) WRAP(getsockname);
int wrap_getpeername(int, struct sockaddr *, socklen_t *) WRAP(getpeername);
int wrap_getsockopt(int, int, int, void *, socklen_t *) WRAP(getsockopt);
int wrap_setsockopt(int, int, int, const void *, socklen_t) WRAP(setsockopt);
int wrap_getpeereid(int, uid_t *, gid_t *) WRAP(getpeereid);

/* sim_stream.c */
ssize_t wrap_recvmsg(int, struct msghdr *, int) WRAP(recvmsg);
ssize_t wrap_recv(int, void *, size_t, int) WRAP(recv);
ssize_t wrap_send(int, const void *, size_t, int) WRAP(send);
int wrap_shutdown(int, int) WRAP(shutdown);
int wrap_ioctl(int, unsigned long, ...) WRAP(ioctl);

/* sim_splice.c */
ssize_t wrap_splice(int, const off_t *, int, const off_t *, size_t, unsigned)
    WRAP(splice);

/* sim_linux.c */
int wrap_epoll_create1(int) WRAP(epoll_create1);
int wrap_epoll_ctl(int, int, int, struct epoll_event *) WRAP(epoll_ctl);
int wrap_epoll_wait(int, struct epoll_event *, int, int) WRAP(epoll_wait);

#endif
