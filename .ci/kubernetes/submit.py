#!/usr/bin/env python3
"""Gives files of Kubernetes objects to an API server, which must take them as they are and refuse them when damaged.

    submit.py --server URL --certificate FILE --token TOKEN OBJECTS.yaml...

Fails with one line when the server does not answer, warns of an object, refuses one, or takes one with a misspelt field.
"""

import argparse
import json
import ssl
import time
import urllib.error
import urllib.request


def fail(text):
    raise SystemExit("submit.py: " + text)


class Server:
    def __init__(self, url, certificate, token):
        deadline = time.time() + 120
        while True:
            try:
                self.context = ssl.create_default_context(cafile=certificate)
                break
            except FileNotFoundError:
                if time.time() > deadline:
                    fail("the server has made no certificate in 120 s")
                time.sleep(0.5)
        self.url, self.token = url, token
        while time.time() < deadline:
            try:
                if self.ask("GET", "/api/v1/namespaces/default")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.5)
        fail("the server is not ready in 120 s")

    def ask(self, method, path, body=None):
        """Returns the status, the answer as an object, and the warnings."""
        request = urllib.request.Request(self.url + path, method=method, data=body.encode() if body else None,
                                         headers={"Authorization": "Bearer " + self.token, "Content-Type": "application/yaml"})
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=30) as r:
                return r.status, json.load(r), r.headers.get_all("Warning") or []
        except urllib.error.HTTPError as e:
            return e.code, json.loads(e.read() or b"{}"), []

    def add_namespace(self, name):
        status, answer, _ = self.ask("POST", "/api/v1/namespaces", json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
        if status != 201:
            fail(f"namespace {name} is refused ({status}): {answer.get('message')}")

    def create(self, namespace, text, dry):
        """Has the server validate an object of kind Job, strictly, and keep it unless dry."""
        return self.ask("POST", f"/apis/batch/v1/namespaces/{namespace}/jobs?fieldValidation=Strict" + ("&dryRun=All" if dry else ""), text)


def check(server, namespace, text):
    name = next(line.split(": ")[1] for line in text.splitlines() if line.startswith("  name: "))
    if "kind: Job\n" not in text:
        fail(f"{name}: expected a Job")
    for dry in (True, False):
        status, answer, warnings = server.create(namespace, text, dry)
        if status != 201 or warnings:
            fail(f"{name} is refused ({status}): {answer.get('message')} {warnings}")
        if answer["spec"]["completionMode"] != "Indexed" or "podFailurePolicy" not in answer["spec"]:
            fail(f"{name} has lost fields: {sorted(answer['spec'])}")
    if server.create(namespace, text, True)[0] != 409:
        fail(f"{name} was not kept")
    for good, bad in (("completionMode:", "completionsMode:"), ("restartPolicy: Never", "restartPolicy: Always")):
        if good not in text:
            fail(f"{name} has no {good}")
        damaged = text.replace(good, bad).replace("  name: " + name, f"  name: {name}-bad")
        status, answer, _ = server.create(namespace, damaged, True)
        if status not in (400, 422):
            fail(f"{name} with {bad} is taken ({status})")


def main():
    parser = argparse.ArgumentParser()
    for name in ("server", "certificate", "token"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("objects", nargs="+")
    a = parser.parse_args()
    server = Server(a.server, a.certificate, a.token)
    total = 0
    for number, path in enumerate(a.objects):
        namespace = f"study-{number}"
        server.add_namespace(namespace)
        with open(path) as f:
            documents = [d for d in f.read().split("---\n") if d.strip()]
        if not documents:
            fail(f"{path} holds no objects")
        for text in documents:
            check(server, namespace, text)
        total += len(documents)
    print(f"{total} Jobs taken by a Kubernetes API server, by dry runs on its side and in earnest; refused with a misspelt or a wrong field")


if __name__ == "__main__":
    main()
