//go:build linux && amd64

// Package crashpoint runs a program and lets something go wrong at its n-th call that changes a disk: it is killed there as
// kill -9 or a power cut would, or the call fails as on a full disk. The program itself knows nothing of it: its system
// calls are watched with ptrace, as strace does.
//
//	seen, err := crashpoint.Run(cmd, crashpoint.Fault{})          // how many such calls there are
//	for n := range seen {
//		_, err = crashpoint.Run(again(), crashpoint.Fault{At: n + 1})  // killed at each
//	}
package crashpoint

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
)

// Fault says what goes wrong. The zero value lets all go well.
type Fault struct {
	At   int           // the call, from 1, counted over all threads and children; 0: none
	Fail syscall.Errno // what that call and all after it answer; 0: all processes are killed before it
}

// ErrKilled is [Run]'s error where the fault was a kill.
var ErrKilled = errors.New("killed at the crash point")

// Run starts cmd, waits for its end and returns how many calls that change a disk it made. It waits for any child of this
// process: nothing else may be started meanwhile.
func Run(cmd *exec.Cmd, fault Fault) (seen int, err error) {
	runtime.LockOSThread() // ptrace belongs to a thread
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	t := &tracer{root: cmd.Process.Pid, fault: fault, inside: map[int]bool{}, failing: map[int]bool{}}
	err = t.follow()
	_ = cmd.Wait() // its pipes are read to their end; the process itself was waited for
	return t.seen, err
}

// tracer is a run under way.
type tracer struct {
	root    int
	fault   Fault
	seen    int
	started bool
	killed  bool
	inside  map[int]bool // threads between the begin and the end of a call
	failing map[int]bool // threads whose call was made to fail
	status  syscall.WaitStatus
}

// options make all threads and children traced, and end them with this process.
const options = syscall.PTRACE_O_TRACESYSGOOD | syscall.PTRACE_O_TRACECLONE | syscall.PTRACE_O_TRACEFORK | syscall.PTRACE_O_TRACEVFORK | 0x100000

// follow goes on until the last process has ended.
func (t *tracer) follow() error {
	for {
		var status syscall.WaitStatus
		tid, err := syscall.Wait4(-1, &status, syscall.WALL, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.ECHILD):
			return t.end()
		case err != nil:
			return err
		}
		if status.Exited() || status.Signaled() {
			if tid == t.root {
				t.status = status
			}
			continue
		}
		if err := t.stopped(tid, status); err != nil && !errors.Is(err, syscall.ESRCH) { // it was killed meanwhile
			return err
		}
	}
}

func (t *tracer) end() error {
	switch {
	case t.killed:
		return ErrKilled
	case t.status.Signaled():
		return fmt.Errorf("ended by %v", t.status.Signal())
	case t.status.ExitStatus() != 0:
		return fmt.Errorf("exit status %d", t.status.ExitStatus())
	}
	return nil
}

// stopped handles a thread's stop and lets it go on.
func (t *tracer) stopped(tid int, status syscall.WaitStatus) error {
	if !t.started {
		t.started = true
		if err := syscall.PtraceSetOptions(tid, options); err != nil {
			return err
		}
		return syscall.PtraceSyscall(tid, 0)
	}
	signal := status.StopSignal()
	switch {
	case signal == syscall.SIGTRAP|0x80:
		return t.call(tid)
	case signal == syscall.SIGTRAP, signal == syscall.SIGSTOP: // a new thread or child, or a new program
		signal = 0
	}
	return syscall.PtraceSyscall(tid, int(signal))
}

// call handles the begin or the end of a system call.
func (t *tracer) call(tid int) error {
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(tid, &regs); err != nil {
		return err
	}
	t.inside[tid] = !t.inside[tid]
	if !t.inside[tid] {
		if t.failing[tid] {
			delete(t.failing, tid)
			regs.Rax = uint64(-int64(t.fault.Fail))
			if err := syscall.PtraceSetRegs(tid, &regs); err != nil {
				return err
			}
		}
		return syscall.PtraceSyscall(tid, 0)
	}
	if changesDisk(tid, &regs) {
		t.seen++
		if t.fault.At > 0 && t.seen >= t.fault.At {
			if t.fault.Fail == 0 {
				return t.kill()
			}
			if grows(&regs) {
				t.failing[tid] = true
				regs.Orig_rax = ^uint64(0) // no call
				if err := syscall.PtraceSetRegs(tid, &regs); err != nil {
					return err
				}
			}
		}
	}
	return syscall.PtraceSyscall(tid, 0)
}

// kill ends all that is traced. A stopped thread is let go by its own death.
func (t *tracer) kill() error {
	t.killed = true
	for tid := range t.inside {
		_ = syscall.Kill(tid, syscall.SIGKILL) // a thread's id kills its process; one that has ended needs none
	}
	return syscall.Kill(t.root, syscall.SIGKILL)
}

// changesDisk says whether a call changes files or folders.
func changesDisk(tid int, regs *syscall.PtraceRegs) bool {
	switch regs.Orig_rax {
	case syscall.SYS_WRITE, syscall.SYS_PWRITE64, syscall.SYS_WRITEV, syscall.SYS_FSYNC, syscall.SYS_FDATASYNC, syscall.SYS_FTRUNCATE, 326: // copy_file_range
		fd := regs.Rdi
		if regs.Orig_rax == 326 {
			fd = regs.Rdx
		}
		return onDisk(tid, fd)
	case syscall.SYS_RENAME, syscall.SYS_RENAMEAT, 316, syscall.SYS_UNLINK, syscall.SYS_UNLINKAT, syscall.SYS_RMDIR, syscall.SYS_MKDIR, syscall.SYS_MKDIRAT,
		syscall.SYS_LINK, syscall.SYS_LINKAT, syscall.SYS_SYMLINK, syscall.SYS_SYMLINKAT:
		return true
	case syscall.SYS_OPENAT:
		return regs.Rdx&syscall.O_CREAT != 0
	}
	return false
}

// grows says whether a call fails on a full disk: one that needs room.
func grows(regs *syscall.PtraceRegs) bool {
	switch regs.Orig_rax {
	case syscall.SYS_UNLINK, syscall.SYS_UNLINKAT, syscall.SYS_RMDIR:
		return false
	}
	return true
}

// onDisk says whether a thread's file is a file or folder, and no terminal, pipe or socket.
func onDisk(tid int, fd uint64) bool {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tid, fd))
	return err == nil && strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "/dev/") && !strings.HasPrefix(path, "/proc/") && !strings.HasPrefix(path, "/sys/")
}
