"""A client of a language server: the parts of an editor that the tests need."""

import json
import os
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import initreg

PATIENCE = 60  # seconds; the first answer of a server takes a while on a busy machine
CURSOR = "¦"

_MARKUP = ["markdown", "plaintext"]
_CAPABILITIES = {
    "workspace": {"configuration": True},
    "textDocument": {
        "publishDiagnostics": {},
        "completion": {"completionItem": {"documentationFormat": _MARKUP, "snippetSupport": True}},
        "hover": {"contentFormat": _MARKUP},
    },
}


class Editor:
    """Speaks the Language Server Protocol with a process, over its stdin and stdout."""

    def __init__(self, command: Sequence[str], settings: dict[str, Any]) -> None:
        self._settings = settings
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._arrived: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._requests = 0
        self._versions: dict[str, int] = {}
        self.ask("initialize", processId=None, rootUri=None, capabilities=_CAPABILITIES)
        self.notify("initialized")
        while self._next().get("method") != "workspace/configuration":
            pass  # a file that is opened before the server has its settings has no schema

    def write(self, file: Path, text: str) -> list[dict[str, Any]]:
        """Open a file with this text, or change its text. Return the diagnostics."""
        uri = file.as_uri()
        version = self._versions[uri] = self._versions.get(uri, 0) + 1
        document = {"uri": uri, "version": version}
        if version == 1:
            document |= {"languageId": "yaml", "text": text}
            self.notify("textDocument/didOpen", textDocument=document)
        else:
            changes = [{"text": text}]
            self.notify("textDocument/didChange", textDocument=document, contentChanges=changes)
        while True:
            message = self._next()
            is_report = message.get("method") == "textDocument/publishDiagnostics"
            if is_report and message["params"]["uri"] == uri:
                return message["params"]["diagnostics"]

    def ask(self, method: str, **params: Any) -> Any:
        """Send a request, and return its result."""
        self._requests += 1
        number = self._requests
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]

    def notify(self, method: str, **params: Any) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def close(self) -> None:
        """End the server."""
        self.ask("shutdown")
        self.notify("exit")
        self._server.wait(PATIENCE)
        self._listener.join(PATIENCE)
        self._server.stdin.close()
        self._server.stdout.close()

    def _next(self) -> dict[str, Any]:
        """Return the next message of the server, and answer it if it is a request."""
        message = self._arrived.get(timeout=PATIENCE)
        if message is None:
            raise RuntimeError("The language server has ended.")
        if "id" in message and "method" in message:
            result = None
            if message["method"] == "workspace/configuration":
                result = [
                    self._settings.get(item["section"]) for item in message["params"]["items"]
                ]
            self._send({"id": message["id"], "result": result})
        return message

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._server.stdin.flush()

    def _listen(self) -> None:
        stdout = self._server.stdout
        while head := stdout.readline():
            length = None
            while head.strip():
                name, _, value = head.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                head = stdout.readline()
            self._arrived.put(json.loads(stdout.read(length)))
        self._arrived.put(None)


@dataclass(frozen=True)
class Mark:
    """A diagnostic: the text that it underlines, with its start and end, and the message."""

    text: str
    start: tuple[int, int]
    end: tuple[int, int]
    severity: int
    message: str


class Page:
    """A file that is open in an editor, with the cursor at `¦`."""

    def __init__(self, editor: Editor, file: Path, text: str) -> None:
        self._editor = editor
        self._file = file
        self.write(text)

    def write(self, text: str) -> None:
        """Change the file's text."""
        before, _, after = text.partition(CURSOR)
        self._text = before + after
        self._place = {
            "textDocument": {"uri": self._file.as_uri()},
            "position": {
                "line": before.count("\n"),
                "character": len(before) - before.rfind("\n") - 1,
            },
        }
        self._diagnostics = self._editor.write(self._file, self._text)

    @property
    def marks(self) -> list[Mark]:
        """The diagnostics of the server, from the top."""
        lines = self._text.splitlines()
        marks = []
        for report in self._diagnostics:
            (line, start), (last, end) = (
                (place["line"], place["character"])
                for place in (report["range"]["start"], report["range"]["end"])
            )
            text = lines[line][start:end] if line == last else ""
            mark = Mark(text, (line, start), (last, end), report["severity"], report["message"])
            marks.append(mark)
        return sorted(marks, key=lambda mark: mark.start)

    def complete(self) -> dict[str, str]:
        """Return the completions at the cursor, each with its documentation."""
        answer = self._editor.ask("textDocument/completion", **self._place)
        return {item["label"]: _plain(item.get("documentation")) for item in answer["items"]}

    def hover(self) -> str:
        """Return the text that the server shows at the cursor."""
        answer = self._editor.ask("textDocument/hover", **self._place)
        return _plain(answer and answer["contents"])


def _plain(text: Any) -> str:
    return text["value"] if isinstance(text, dict) else text or ""


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The schema of config files, as a file."""
    path = tmp_path_factory.mktemp("schema") / "initreg.json"
    path.write_text(json.dumps(initreg.json_schema("document")), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def editor(schema: Path) -> Iterator[Editor]:
    """An editor that uses the schema for every YAML file."""
    settings = {"schemaStore": {"enable": False}, "schemas": {schema.as_uri(): ["*.yaml"]}}
    editor = Editor([os.environ["INITREG_YAML_LANGUAGE_SERVER"], "--stdio"], {"yaml": settings})
    yield editor
    editor.close()


@pytest.fixture
def page(editor: Editor) -> Callable[[str], Page]:
    """Open a new file with this text; `¦` marks the cursor."""
    # In the root, because the server finds no schema for files in hidden folders. The file isn't
    # written.
    return lambda text: Page(editor, Path(Path.cwd().anchor, f"{uuid4()}.yaml"), text)


@pytest.fixture
def page_in_folder(editor: Editor, tmp_path: Path) -> Callable[[str], Page]:
    """Open a file in `tmp_path`."""
    return lambda text: Page(editor, tmp_path / "model.yaml", text)
