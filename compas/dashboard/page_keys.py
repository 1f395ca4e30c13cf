"""The keys that mean something on one kind of page only; they go before those of all pages."""

from collections.abc import Mapping

from compas.dashboard.keymap import Binding

PAGE_KEYS: Mapping[str, tuple[Binding, ...]] = {
    "conversation": (Binding(keys=("z",), command="details", contexts=("page",), hint="whole"),),
    "execution": (
        Binding(keys=("tab", "right"), command="next-pane", contexts=("page",), hint="next part"),
        Binding(keys=("shift tab", "left"), command="previous-pane", contexts=("page",)),
        Binding(keys=("1",), command="input", contexts=("page",)),
        Binding(keys=("2",), command="output", contexts=("page",)),
        Binding(keys=("3",), command="steps", contexts=("page",)),
        Binding(keys=("4",), command="timeline", contexts=("page",)),
        Binding(keys=("J",), command="raw", contexts=("page",), hint="raw"),
        Binding(keys=("z",), command="details", contexts=("page",)),
        Binding(keys=("[",), command="older", contexts=("page",), hint="older"),
        Binding(keys=("]",), command="newer", contexts=("page",)),
    ),
    "log": (
        Binding(keys=("J",), command="raw", contexts=("page",), hint="raw"),
        Binding(keys=("z",), command="details", contexts=("page",), hint="details"),
        Binding(keys=("[",), command="older", contexts=("page",), hint="older"),
        Binding(keys=("]",), command="newer", contexts=("page",)),
    ),
    "diff": (
        Binding(keys=("]", "tab"), command="next-file", contexts=("page",), hint="next file"),
        Binding(keys=("[", "shift tab"), command="previous-file", contexts=("page",)),
        Binding(keys=("z", "enter"), command="fold", contexts=("page",), hint="fold"),
        Binding(keys=("Z",), command="fold-all", contexts=("page",)),
    ),
    "events": (Binding(keys=("z",), command="details", contexts=("page",), hint="details"),),
}
