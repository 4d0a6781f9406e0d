"""The page on plugins has the signature of every hook, as it is declared."""

import ast
import inspect

from initreg.discovery import hookspecs


def test_signatures(blocks):
    module = ast.parse(inspect.getsource(hookspecs))
    declared = {
        f"def {node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}:".replace(
            "'", ""
        )
        for node in module.body
        if isinstance(node, ast.FunctionDef)
    }
    shown = {
        line
        for block in blocks("docs/plugins.md")
        if block.caption == "hooks"
        for line in block.text.splitlines()
        if line.startswith("def ")
    }
    assert declared
    assert shown == declared
