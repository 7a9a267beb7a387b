#!/usr/bin/env python3
"""The long form of kill.sh, outside the ordinary tests: python3 .ci/kills.py [GROUP [ALONE]]

Kills `lpft reproduce --profile smoke` GROUP times (30) with all its processes and ALONE times (10) by itself, at random moments.
The next start continues; whenever a study has finished, its report must hold the numbers of an undisturbed one and its store
be whole, and a new study begins. Counts are printed. It works in a temporary LPFT_HOME of its own, on the engine go."""

import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

GROUP, ALONE = ([int(a) for a in sys.argv[1:]] + [30, 10][len(sys.argv) - 1 :])[:2]
ITEMS = "table1,figure1,table2,figure5"
GRACE = 10  # seconds within which what a killed study started must have ended


class Study:
    def __init__(self, work):
        self.work, self.home = work, work / "home"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("LPFT_")}
        self.env.update(LPFT_HOME=str(self.home), GOMLX_BACKEND="go", GOEXPERIMENT="simd")
        subprocess.run(["go", "build", "-o", str(work / "lpft"), "./cmd/lpft"], check=True, env=self.env)

    def lpft(self, *args, **more):
        return subprocess.run([str(self.work / "lpft"), *args], env=self.env, text=True, capture_output=True, **more)

    def start(self, report):
        """The study in a process group of its own, its last words in a file."""
        log = open(self.work / "log.txt", "w")
        args = ["reproduce", "--profile", "smoke", "--tasks", "toy", "--only", ITEMS, "--report", str(self.work / report)]
        return subprocess.Popen([str(self.work / "lpft"), *args], env=self.env, stdout=log, stderr=log, start_new_session=True)

    def ended_well(self, process):
        if process.wait() != 0:
            sys.exit("FAIL: a study that was not killed ended with " + (self.work / "log.txt").read_text()[-2000:])

    def survivors(self):
        """Command lines of processes that belong to this study."""
        mark, found = ("LPFT_HOME=" + str(self.home)).encode(), []
        for p in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if mark in (p / "environ").read_bytes().split(b"\0"):
                    found.append((p / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                pass
        return found

    def nothing_lives(self):
        deadline = time.monotonic() + GRACE
        while self.survivors():
            if time.monotonic() > deadline:
                sys.exit(f"FAIL: these outlived a killed study: {self.survivors()}")
            time.sleep(0.1)

    def whole(self):
        """The finished study is the undisturbed one."""
        for args in (["store", "verify", "--quiet"], ["compare", "--tolerance", "0", str(self.work / "undisturbed"), str(self.work / "killed")]):
            done = self.lpft(*args)
            if done.returncode != 0:
                sys.exit(f"FAIL: lpft {' '.join(args)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def anew(self):
        for what in ("store", "executed"):
            shutil.rmtree(self.home / what, ignore_errors=True)


def main():
    with tempfile.TemporaryDirectory(prefix="lpft-kills-") as folder:
        study = Study(pathlib.Path(folder))
        study.ended_well(study.start("undisturbed"))
        study.anew()
        began = time.monotonic()
        study.ended_well(study.start("undisturbed"))  # once more, with everything set up, for its time
        longest = 0.7 * (time.monotonic() - began)
        print(f"an undisturbed study takes {longest / 0.7:.0f} s", flush=True)
        study.anew()
        killed = finished = 0
        random.seed(1)
        while killed < GROUP + ALONE or finished == 0:
            process = study.start("killed")
            try:
                process.wait(timeout=random.uniform(0.5, longest) if killed < GROUP + ALONE else None)
            except subprocess.TimeoutExpired:
                if killed < GROUP:
                    os.killpg(process.pid, signal.SIGKILL)
                else:
                    process.kill()
                process.wait()
                killed += 1
                study.nothing_lives()
                continue
            study.ended_well(process)
            finished += 1
            print(f"{killed} kills, {finished} studies finished: {study.whole()}", flush=True)
            study.anew()
        study.ended_well(study.start("killed"))
        print(f"{min(killed, GROUP)} kills of the group, {killed - min(killed, GROUP)} of the parent alone, {finished + 1} studies finished: {study.whole()}; 0 lost, 0 wrong")


main()
