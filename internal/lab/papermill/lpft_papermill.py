"""Lets papermill set the parameters of notebooks in Go: `papermill -p seed 7 in.ipynb out.ipynb`.

papermill writes a cell of assignments after the cell tagged "parameters". In Go they are declarations, which replace
those of the same name: a number, a truth or a text is a constant, a list a variable. papermill finds this module by its
entry point for engines, the one kind of plugin that it imports at its start; the engine is its own.
"""

from papermill.engines import NBClientEngine
from papermill.exceptions import PapermillException
from papermill.translators import Translator, papermill_translators

__all__ = ["GoTranslator", "NBClientEngine"]

ELEMENTS = {bool: "bool", int: "uint64", float: "float64", str: "string"}


class GoTranslator(Translator):
    """Parameters as Go declarations."""

    @classmethod
    def translate_none(cls, val):
        raise PapermillException("a parameter of a Go notebook has no value: give it a number, a text, true, false, or a list of one of them")

    @classmethod
    def translate_dict(cls, val):
        raise PapermillException(f"{val}: a Go notebook's parameters are numbers, texts, true, false, and lists of one of them")

    @classmethod
    def translate_list(cls, val):
        kinds = {type(v) for v in val}
        if len(kinds) != 1 or not kinds <= ELEMENTS.keys():
            raise PapermillException(f"{val}: expected a list of numbers, of texts, or of truths, and not an empty one")
        return f"[]{ELEMENTS[kinds.pop()]}{{{', '.join(cls.translate(v) for v in val)}}}"

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}"

    @classmethod
    def assign(cls, name, str_val):
        kind = "var" if str_val.startswith("[]") else "const"
        return f"{kind} {name} = {str_val}"


papermill_translators.register("go", GoTranslator)
