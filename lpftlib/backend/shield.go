//go:build cgo && unix

package backend

// #include <pthread.h>
// #include <signal.h>
//
// static int lpft_block(sigset_t *before) {
// 	static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
// 	sigset_t all;
// 	sigfillset(&all);
// 	for (unsigned i = 0; i < sizeof own / sizeof *own; i++)
// 		sigdelset(&all, own[i]);
// 	return pthread_sigmask(SIG_BLOCK, &all, before);
// }
// static void lpft_unblock(const sigset_t *before) { pthread_sigmask(SIG_SETMASK, before, NULL); }
import "C"

import "runtime"

// shielded runs work on a thread that no signal reaches but those of its own faults. Threads that a plugin starts
// meanwhile inherit that, and XLA must not be interrupted: with the pinned plugin, a signal whose handler runs on one of its
// threads during the product XᵀX of a [1024, 384] matrix corrupts the heap (signals on its threads during other products,
// scatters and softmaxes did not). Go installs handlers for nearly every signal, and a profiler, SIGCHLD or a second Ctrl-C
// may come to any thread. Go's own threads take signals on stacks of their own.
func shielded(work func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before C.sigset_t
	if C.lpft_block(&before) == 0 {
		defer C.lpft_unblock(&before)
	}
	work()
}
