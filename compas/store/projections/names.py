"""What things are called: which names there are of a kind, which begin with some characters, and the newest ones."""

from typing import Literal

from compas.store.connection import Reader

Kind = Literal["thread", "execution", "batch", "merge"]

_TABLES: dict[Kind, tuple[str, str, str]] = {
    # kind: its table, the column with the name, and the one with the position at which it came
    "thread": ("threads", "thread", "created_position"),
    "execution": ("executions", "execution", "queued_position"),
    "batch": ("threads", "batch", "created_position"),
    "merge": ("merges", "op", "queued_position"),
}


def is_known(reader: Reader, kind: Kind, name: str) -> bool:
    """Say whether there ever was one of exactly this name."""
    table, column, _ = _TABLES[kind]
    return reader.row(f"SELECT 1 FROM {table} WHERE {column} = ? LIMIT 1", (name,)) is not None


def beginning_with(reader: Reader, kind: Kind, start: str, limit: int) -> tuple[str, ...]:
    """Return names that begin with these characters, in their order."""
    table, column, _ = _TABLES[kind]
    # A range, which an index serves; the last character that there is stands behind all that may follow.
    sql = f"""SELECT DISTINCT {column} FROM {table}
        WHERE {column} >= ?1 AND {column} < ?1 || char(1114111) ORDER BY {column} LIMIT ?2"""
    return tuple(str(name) for (name,) in reader.rows(sql, (start, limit)))


def newest_names(reader: Reader, kind: Kind, limit: int) -> tuple[str, ...]:
    """Return the names of those that came last, the newest first."""
    table, column, position = _TABLES[kind]
    sql = f"""SELECT {column} FROM {table} WHERE {column} IS NOT NULL
        GROUP BY {column} ORDER BY max({position}) DESC LIMIT ?"""
    return tuple(str(name) for (name,) in reader.rows(sql, (limit,)))
