#!/usr/bin/env python3
"""The kernel "Go (lpft)" as Jupyter's own clients meet it: jupyter_kernel_test, and what that suite does not ask.

    python kernel.py [unittest's arguments]       run the tests
    python kernel.py times GONB MODULE [REPEAT]   seconds a cell takes, through the kernel and with GONB alone

Run with a Python that has jupyter_kernel_test and in whose prefix the kernel is installed (kernel.sh makes both).
"""

import glob
import json
import os
import pathlib
import queue
import random
import re
import shutil
import signal
import statistics
import sys
import tempfile
import time
import unittest
import uuid

import jupyter_kernel_test
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

SHORT = int(os.environ.get("LPFT_SHORT_PROGRAMS", "50"))


class Suite(jupyter_kernel_test.KernelTests):
    """What is left empty is not supported: pages (Go has no pager), execute_result (a cell shows with display_data),
    clear_output (GoNB has none)."""

    kernel_name = "lpft"
    language_name = "go"
    file_extension = ".go"
    code_hello_world = '%%\nfmt.Println("hello, world")'
    code_stderr = '%%\nfmt.Fprintln(os.Stderr, "careful")'
    completion_samples = [{"text": "%%\nfmt.Printl", "matches": {"Println", "Fprintln", "Sprintln"}}]
    complete_code_samples = ["var a = 1", '%%\nfmt.Println("x")', "func f() int { return 1 }"]
    incomplete_code_samples = ["%%\nfor {", "var s = `one", "%%\nfmt.Println(1,"]
    invalid_code_samples = ["func func()", "%%\nfor for"]
    code_generate_error = '%%\npanic("on purpose")'
    code_display_data = [{"code": 'import "lpft/lpftlib"\n\n%%\nlpftlib.Display(lpftlib.HTML("<b>bold</b>"))', "mime": "text/html"}]
    code_history_pattern = "var a*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "%%\nfmt.Println"


class Kernel:
    """A kernel in an environment of its own, so that what it leaves behind can be found."""

    def __init__(self, name="lpft", spec_dir=None):
        self.mark = "LPFT_KERNEL_TEST=" + uuid.uuid4().hex
        self.tmp = tempfile.mkdtemp(prefix="k-")
        specs = KernelSpecManager()
        if spec_dir:
            specs.kernel_dirs = [spec_dir]
        self.km = KernelManager(kernel_name=name, kernel_spec_manager=specs)
        env = dict(os.environ, TMPDIR=self.tmp)
        env.update([self.mark.split("=")])
        began = time.monotonic()
        self.km.start_kernel(env=env)
        self.kc = self.km.client()
        self.kc.start_channels()
        self.kc.wait_for_ready(timeout=120)
        self.start_seconds = time.monotonic() - began

    def running(self):
        """The kernel's processes, each its number and command line."""
        found = []
        for file in glob.glob("/proc/[0-9]*/environ"):
            try:
                if self.mark.encode() in pathlib.Path(file).read_bytes():
                    found.append((int(file.split("/")[2]), pathlib.Path(file).parent.joinpath("cmdline").read_bytes().replace(b"\0", b" ")))
            except OSError:
                pass
        return found

    def processes(self):
        return [line for _, line in self.running()]

    def run(self, code, timeout=60, **more):
        """Executes a cell; its reply's content and what was published for it."""
        return self.collect(self.kc.execute(code, **more), timeout)

    def collect(self, msg_id, timeout=60):
        out = []
        while True:
            m = self.kc.get_iopub_msg(timeout=timeout)
            if m["parent_header"].get("msg_id") != msg_id:
                continue
            out.append((m["msg_type"], m["content"]))
            if m["msg_type"] == "status" and m["content"]["execution_state"] == "idle":
                break
        while True:
            reply = self.kc.get_shell_msg(timeout=timeout)
            if reply["parent_header"].get("msg_id") == msg_id:
                return reply["content"], out

    def close(self):
        self.kc.stop_channels()
        self.km.shutdown_kernel(now=False)

    def leaves_nothing(self, test, within):
        deadline = time.monotonic() + within
        while time.monotonic() < deadline and (self.processes() or os.listdir(self.tmp)):
            time.sleep(0.05)
        test.assertEqual(self.processes(), [])
        test.assertEqual(os.listdir(self.tmp), [])
        os.rmdir(self.tmp)


def text(out, kind="stream", key="text"):
    return "".join(c[key] for t, c in out if t == kind)


class Behaviour(unittest.TestCase):
    """One kernel for all tests."""

    @classmethod
    def setUpClass(cls):
        cls.k = Kernel()
        cls.k.run('%%\nfmt.Println("warm")')

    @classmethod
    def tearDownClass(cls):
        cls.k.close()

    def test_run_all_ends_at_the_failed_cell(self):
        ids = [self.k.kc.execute(code) for code in ("%%\nnonsense()", '%%\nfmt.Println("not reached")', "%%\nprintln(2)")]
        replies = [self.k.collect(i)[0] for i in ids]
        self.assertEqual([r["status"] for r in replies], ["error", "aborted", "aborted"])
        reply, out = self.k.run('%%\nfmt.Println("next")')
        self.assertEqual((reply["status"], text(out)), ("ok", "next\n"))

    def test_allowed_failure_goes_on(self):
        ids = [self.k.kc.execute("%%\nnonsense()", stop_on_error=False), self.k.kc.execute("%%\nprintln(1)")]
        self.assertEqual([self.k.collect(i)[0]["status"] for i in ids], ["error", "ok"])

    def interrupt(self, code, when, by_signal=False, within=3.0):
        """Interrupts a cell `when` says so, with another in the queue; seconds until the first has ended."""
        first, second = self.k.kc.execute(code), self.k.kc.execute("%%\nprintln(2)")
        when()
        began = time.monotonic()
        if by_signal:
            os.kill(self.k.km.provisioner.pid, signal.SIGINT)
        else:
            self.k.km.interrupt_kernel()
        reply, out = self.k.collect(first)
        spent = time.monotonic() - began
        self.assertEqual(reply["ename"], "interrupted", out)
        self.assertEqual(self.k.collect(second)[0]["status"], "aborted")
        self.assertLess(spent, within)
        return spent, out

    def running(self, *words):
        """Waits until a process of the kernel has one of these words in its command."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if any(w in p for p in self.k.processes() for w in words):
                return
            time.sleep(0.005)
        self.fail(f"nothing that runs is one of {words}: {self.k.processes()}")

    def test_interrupt_of_a_program(self):
        for by_signal in (False, True):
            spent, _ = self.interrupt("%%\ntime.Sleep(time.Hour)", lambda: (self.running(b".cell "), time.sleep(0.3)), by_signal)
            print(f"a running program ended {spent:.2f} s after Stop (signal: {by_signal})")

    def test_interrupt_of_a_compilation(self):
        for by_signal in (False, True):
            unique = uuid.uuid4().hex
            code = f'import "lpft/lpftlib"\n\n%%\nlpftlib.Display(lpftlib.HTML("{unique}"))'
            spent, _ = self.interrupt(code, lambda: self.running(b"/compile ", b"/link "), by_signal)
            print(f"a compilation ended {spent:.2f} s after Stop (signal: {by_signal})")
            self.assertEqual(self.k.run('%%\nfmt.Print("after")')[0]["status"], "ok")

    def test_interrupt_at_any_moment(self):
        for tenths in (0.3, 1, 2, 4, 6, 8):
            self.interrupt(f'%%\nfmt.Println("{uuid.uuid4().hex}")\ntime.Sleep(time.Hour)', lambda: time.sleep(tenths / 10))

    def test_panic_is_told_once(self):
        reply, out = self.k.run('func deep(x []int) int {\n\treturn x[3]\n}\n\n%%\nfmt.Println("before")\nfmt.Println(deep(nil))')
        self.assertEqual(reply["status"], "error")
        told = "\n".join(reply["traceback"])
        self.assertEqual(text(out), "before\n", "nothing of the panic is on standard error")
        self.assertEqual([c for t, c in out if t == "error"][0]["traceback"], reply["traceback"])
        self.assertIn("panic: runtime error: index out of range [3] with length 0", told)
        self.assertLess(told.index("return x[3]"), told.index("fmt.Println(deep(nil))"), told)
        self.assertNotIn("gonb_", told)

    def test_exit_status(self):
        reply, out = self.k.run('%%\nfmt.Fprintln(os.Stderr, "cannot go on")\nos.Exit(3)')
        self.assertEqual((reply["evalue"], text(out)), ("exit status 3", "cannot go on\n"))

    def test_compile_error(self):
        reply, _ = self.k.run("%%\nx := 1\n\ty := missing(x)\n")
        told = "\n".join(reply["traceback"])
        self.assertIn("line 3:", told)
        self.assertIn("undefined: missing", told)
        self.assertIn("hint: no cell that has run declares missing", told)
        self.assertNotIn("gonb_", told)
        self.assertNotIn("main.go", told)

    def test_hints(self):
        for code, hint in (
            ('fmt.Println("x")', "put a line with %% above statements"),
            ('import "github.com/nobody/nothing"\n\n%%\nnothing.Do()', "package github.com/nobody/nothing is not in this project"),
        ):
            reply, _ = self.k.run(code)
            self.assertEqual(reply["status"], "error")
            self.assertIn(hint, "\n".join(reply["traceback"]))

    def test_history(self):
        self.k.run("// remember me\n%%\nprintln(1)")
        reply = self.k.kc.history(hist_access_type="search", pattern="*remember*", reply=True, timeout=60)
        self.assertEqual([line[2] for line in reply["content"]["history"]], ["// remember me\n%%\nprintln(1)"])

    def test_input(self):
        code = '%%\nvar a, b string\nfmt.Print("name? ")\nfmt.Scanln(&a)\nfmt.Scanln(&b)\nfmt.Println(a + b)'
        msg_id = self.k.kc.execute(code, allow_stdin=True)
        for answer in ("Ada ", "Lovelace"):
            self.assertEqual(self.k.kc.get_stdin_msg(timeout=60)["msg_type"], "input_request")
            self.k.kc.input(answer)
        reply, out = self.k.collect(msg_id)
        self.assertEqual((reply["status"], text(out)), ("ok", "name? AdaLovelace\n"))
        with self.assertRaises(queue.Empty):
            self.k.kc.get_stdin_msg(timeout=0.5)

    def test_input_where_nobody_can_be_asked(self):
        reply, _ = self.k.run("%%\nvar a string\nfmt.Scanln(&a)", allow_stdin=False)
        self.assertEqual(reply["ename"], "no input")

    def test_short_programs_lose_nothing(self):
        lost = 0
        for _ in range(SHORT):
            reply, out = self.k.run('import "github.com/janpfeifer/gonb/gonbui"\n\n%%\ngonbui.DisplayHTML("<b>shown</b>")')
            self.assertEqual(reply["status"], "ok", reply)
            lost += "<b>shown</b>" not in json.dumps([c for t, c in out if t == "display_data"])
        print(f"{lost} of {SHORT} short programs lost what they showed")
        self.assertEqual(lost, 0)

    def test_first_completion(self):
        k = Kernel()
        try:
            for wait in (0, 3):
                time.sleep(wait)
                began = time.monotonic()
                reply = k.kc.complete("%%\nfmt.Printl", reply=True, timeout=60)
                print(f"completion {wait} s after the start: {reply['content']['matches']} in {time.monotonic() - began:.2f} s")
            self.assertIn("Println", reply["content"]["matches"])
        finally:
            k.close()


class Ends(unittest.TestCase):
    """Nothing stays after a kernel, however it ends."""

    def start(self):
        k = Kernel()
        k.kc.execute("%%\ntime.Sleep(time.Hour)")
        deadline = time.monotonic() + 60
        while not any(b".cell " in p for p in k.processes()):
            self.assertLess(time.monotonic(), deadline, "the cell does not run")
            time.sleep(0.05)
        return k

    def test_shutdown(self):
        k = self.start()
        began = time.monotonic()
        k.close()
        print(f"shut down, a cell running, in {time.monotonic() - began:.2f} s")
        k.leaves_nothing(self, 1)

    def test_restart(self):
        k = self.start()
        old = set(os.listdir(k.tmp))
        began = time.monotonic()
        k.km.restart_kernel(now=False)
        k.kc.wait_for_ready(timeout=60)
        print(f"restarted, a cell running, in {time.monotonic() - began:.2f} s")
        self.assertFalse(old & set(os.listdir(k.tmp)))
        self.assertFalse([p for p in k.processes() if b".cell " in p])
        self.assertEqual(k.run('%%\nfmt.Print("new")')[0]["status"], "ok")
        k.close()
        k.leaves_nothing(self, 1)

    def test_killed(self):
        k = self.start()
        os.killpg(os.getpgid(k.km.provisioner.pid), signal.SIGKILL)
        k.kc.stop_channels()
        k.leaves_nothing(self, 10)


class Worker(unittest.TestCase):
    """The process that computes for cells, on the built-in task with a generated model."""

    OPEN = 'import "lpft/lpftlib"\n\nvar params = lpftlib.Params{Profile: "smoke", Tasks: []string{"toy"}, Seeds: []uint64{%d}}'

    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.mkdtemp(prefix="h-")
        os.environ["LPFT_HOME"] = cls.home
        os.environ["GOMLX_BACKEND"] = "go"

    @classmethod
    def tearDownClass(cls):
        pid = cls.pid()
        if pid:
            os.kill(pid, signal.SIGTERM)
        shutil.rmtree(cls.home, ignore_errors=True)
        del os.environ["LPFT_HOME"], os.environ["GOMLX_BACKEND"]

    @classmethod
    def pid(cls):
        for file in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                words = pathlib.Path(file).read_bytes().split(b"\0")
                env = pathlib.Path(file).parent.joinpath("environ").read_bytes()
            except OSError:
                continue
            if words[1:3] == [b"worker", b"run"] and f"LPFT_HOME={cls.home}".encode() in env:
                return int(file.split("/")[2])

    def kernel(self, seed=1):
        k = Kernel()
        self.addCleanup(k.close)
        self.assertEqual(k.run(self.OPEN % seed)[0]["status"], "ok")
        return k

    def ok(self, k, code):
        reply, out = k.run(code, timeout=180)
        self.assertEqual(reply["status"], "ok", out)
        return text(out) + json.dumps([c for t, c in out if t.endswith("display_data")], ensure_ascii=False)

    def test_one_worker_for_all_and_after_a_restart(self):
        a, b = self.kernel(), self.kernel()
        for k in (a, b):
            self.ok(k, "%%\nlpftlib.Display(lpftlib.Open(params).Tasks()[0].Features(\"test\"))")
        pid = self.pid()
        self.assertTrue(pid)
        a.km.restart_kernel(now=False)
        a.kc.wait_for_ready(timeout=60)
        a.run(self.OPEN % 1)
        self.ok(a, "%%\nlpftlib.Display(lpftlib.Open(params))")
        self.assertEqual(self.pid(), pid)

    def test_killed_worker_is_started_again(self):
        k = self.kernel()
        self.assertIn("κ*", self.ok(k, "%%\nlpftlib.Open(params).Tasks()[0].Probe(1)"))  # a last call is shown
        pid = self.pid()
        os.kill(pid, signal.SIGKILL)
        self.ok(k, "%%\nlpftlib.Display(lpftlib.Open(params).Tasks()[0].Probe(1), 1)")
        self.assertNotEqual(self.pid(), pid)

    def test_killed_cells_lose_nothing(self):
        """Five times a training's cell and the worker that computes for it are killed at once; then it is as if nothing had been."""
        k = self.kernel(seed=3)
        self.ok(k, 'import "lpft/lpftlib/study"\n\n%%\nfmt.Println("compiled")')
        code = '%%\nrun := lpftlib.Open(params).Tasks()[0].TrainAs(study.Spec{Method: lpftlib.FT, Seed: 3, Rates: study.Rates{Batch: 1, LearningRate: 1e-4}})\nfmt.Println("features", run.Features("val").RawMatrix().Data)'
        store = pathlib.Path(self.home) / "store"
        random.seed(3)
        killed = 0
        for _ in range(25):
            if killed == 5:
                break
            trained = store.glob("finetune/*/manifest.json")
            if any(json.loads(m.read_text())["label"].startswith("FT toy, seed 3, batch 1") for m in trained):
                shutil.rmtree(store)  # the last one was killed too late, or not at all
            msg = k.kc.execute(code)
            if self.begins(k, msg):
                time.sleep(random.uniform(0, 1))
                for pid in [self.pid()] + [p for p, line in k.running() if b"gonb_" in line.split(b" ")[0]]:
                    if pid:
                        os.kill(pid, signal.SIGKILL)
                killed += k.collect(msg, 120)[0]["status"] == "error"
        self.assertEqual(killed, 5)
        features = lambda: re.search(r"features .*", self.ok(k, code)).group()
        after = features()
        os.kill(self.pid(), signal.SIGKILL)
        shutil.rmtree(store)
        self.assertEqual(after, features())
        print(f"{killed} kills of a training's cell with its worker: 0 lost, 0 wrong")

    def begins(self, k, msg):
        """Waits until a cell trains; False if it has ended instead."""
        while True:
            m = k.kc.get_iopub_msg(timeout=120)
            if m["parent_header"].get("msg_id") != msg:
                continue
            if "steps/s" in json.dumps(m["content"]):
                return True
            if m["content"].get("execution_state") == "idle":
                k.kc.get_shell_msg(timeout=60)
                return False

    def test_stop_in_training(self):
        k = self.kernel(seed=2)
        self.ok(k, "%%\nlpftlib.Display(lpftlib.Open(params).Tasks()[0].Features(\"val\"))")
        began = time.monotonic()
        msg = k.kc.execute('%%\nimport "lpft/lpftlib/study"\nrun := study.Spec{Method: lpftlib.FT, Seed: 2, Rates: study.Rates{Batch: 2, LearningRate: 1e-4}}\nlpftlib.Display(lpftlib.Open(params).Tasks()[0].TrainAs(run))'.replace(
            '%%\nimport "lpft/lpftlib/study"\n', 'import "lpft/lpftlib/study"\n\n%%\n'))
        while True:
            m = k.kc.get_iopub_msg(timeout=120)
            if m["parent_header"].get("msg_id") == msg and "steps/s" in json.dumps(m["content"]):
                break
        began = time.monotonic()
        k.km.interrupt_kernel()
        reply, out = k.collect(msg, 60)
        spent = time.monotonic() - began
        self.assertEqual(reply["ename"], "interrupted", out)
        shown = json.dumps([c for t, c in out if t.endswith("display_data")])
        self.assertIn("run the cell again to continue", shown)
        print(f"training ended {spent:.2f} s after Stop")
        self.assertLess(spent, 1.5)

    def test_stop_between_verbs(self):
        k = self.kernel()
        msg = k.kc.execute("%%\nlpftlib.Open(params)\nfmt.Println(\"spins\")\nfor {\n}")
        while True:
            m = k.kc.get_iopub_msg(timeout=120)
            if m["parent_header"].get("msg_id") == msg and m["msg_type"] == "stream":
                break
        began = time.monotonic()
        k.km.interrupt_kernel()
        self.assertEqual(k.collect(msg, 60)[0]["ename"], "interrupted")
        spent = time.monotonic() - began
        print(f"a loop after Open ended {spent:.2f} s after Stop")
        self.assertLess(spent, 1.5)

    def test_values_go_from_cell_to_cell(self):
        k = self.kernel()
        self.ok(k, '%%\nlpftlib.Keep("n", map[string]int{"a": 7})')
        self.assertIn("7", self.ok(k, '%%\nfmt.Println(lpftlib.Kept[map[string]int]("n")["a"])'))
        self.assertIn("map[string]int", self.ok(k, "%vars"))
        reply, out = k.run('%%\nfmt.Println(lpftlib.Kept[int]("n"))')
        self.assertIn('kept "n" is a map[string]int', text(out))


def times(gonb, module, repeat=20):
    """Prints the seconds of cells through the kernel, with GoNB alone and, where it is installed, in ipykernel, in turns: of the
    first of a kind, which compiles packages, and the median of the others."""
    plain = pathlib.Path(tempfile.mkdtemp())
    spec = json.loads((pathlib.Path(sys.prefix) / "share/jupyter/kernels/lpft/kernel.json").read_text())
    spec["argv"] = [gonb, "--kernel", "{connection_file}", "-raw_error", "-go_work=" + module]
    (plain / "plain").mkdir()
    (plain / "plain" / "kernel.json").write_text(json.dumps(spec))
    kernels = {"lpft": Kernel(), "GoNB alone": Kernel("plain", str(plain))}
    if "python3" in KernelSpecManager().find_kernel_specs():
        kernels["ipykernel"] = Kernel("python3")
    lib, study = 'import "lpft/lpftlib"\n\n%%\n', 'lpftlib.Open(lpftlib.Params{Profile: "smoke", Tasks: []string{"toy"}})'
    go = {
        "trivial": lambda i: f'%%\nfmt.Println("{i}", {time.time_ns()})',
        "unchanged": lambda i: '%%\nfmt.Println("the same")',
        "changed, shows a value of lpftlib's": lambda i: f'{lib}lpftlib.Display(lpftlib.HTML("{time.time_ns()}"))',
        "changed, reads features of a study": lambda i: f'{lib}lpftlib.Display({i}, {study}.Tasks()[0].Features("train"))',
    }
    python = {"trivial": lambda i: f"print({i})", "unchanged": lambda i: 'print("the same")'}
    try:
        print("start: " + ", ".join(f"{name} {k.start_seconds:.2f} s" for name, k in kernels.items()))
        for what in go:
            spent = {name: [] for name in kernels if name != "ipykernel" or what in python}
            for i in range(repeat + 1):
                for name in spent:
                    cell = (python if name == "ipykernel" else go)[what](i)
                    began = time.monotonic()
                    content, _ = kernels[name].run(cell, timeout=300)
                    spent[name].append(time.monotonic() - began)
                    assert content["status"] == "ok", content
            print(what + ": " + ", ".join(f"{name} {statistics.median(s[1:]):.3f} s (first {s[0]:.2f})" for name, s in spent.items()), flush=True)
    finally:
        for k in kernels.values():
            k.close()
        shutil.rmtree(plain)


if __name__ == "__main__":
    if sys.argv[1:2] == ["times"]:
        times(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))
    else:
        unittest.main(verbosity=2)
