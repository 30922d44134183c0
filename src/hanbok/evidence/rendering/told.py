"""A report as plain values in one language: what the HTML and PDF templates fill in, and the JSON form."""

from typing import Any

from hanbok.core.values import Language
from hanbok.evidence.rendering.words import STATUSES, words
from hanbok.evidence.report import Answer, Cell, Made, Proof, Row, Status, Table
from hanbok.evidence.reporting import korean


def told(made: Made, language: Language) -> dict[str, Any]:
    """Return the report's texts, every proof as index, digest and command."""
    setup, question = made.setup, made.question
    return {
        "report": made.name,
        "language": language.value,
        "title": made.title.of(language),
        "basis": made.basis.of(language),
        "in_force": made.in_force.isoformat(),
        "limits": made.limits.of(language),
        "organisation": question.organisation,
        "name": setup.organisation,
        "since": korean(question.since),
        "until": korean(question.until),
        "endpoint": question.endpoint,
        "known": korean(question.known),
        "made": korean(setup.made),
        "version": setup.version,
        "policy": setup.policy,
        "log": {
            "ok": setup.log.ok,
            "entries": setup.log.entries,
            "head": setup.log.head,
            "fault": setup.log.fault,
        },
        "counts": [
            {"status": one.value, "name": STATUSES[one].of(language), "count": made.count(one)}
            for one in reversed(Status)
        ],
        "rows": [_row(row, language) for row in made.rows],
        "tables": [_table(table, language) for table in made.tables],
        "proofs": [_proof(proof, language) for proof in made.proofs],
        "words": words(language),
    }


def _row(row: Row, language: Language) -> dict[str, Any]:
    return {
        "id": row.id,
        "group": row.group.of(language),
        "text": row.text.of(language),
        "article": row.article,
        "verified": row.verified,
        "status": row.status.value,
        "status_name": STATUSES[row.status].of(language),
        "answers": [_answer(answer, language) for answer in row.answers],
    }


def _answer(answer: Answer, language: Language) -> dict[str, Any]:
    return {
        "status": answer.status.value,
        "status_name": STATUSES[answer.status].of(language),
        "statement": answer.statement.of(language),
        "proofs": [proof.index for proof in answer.proofs],
    }


def _table(table: Table, language: Language) -> dict[str, Any]:
    return {
        "title": table.title.of(language),
        "columns": [one.of(language) for one in table.columns],
        "rows": [[_cell(cell, language) for cell in row] for row in table.rows],
        "empty": table.empty.of(language),
        "note": table.note.of(language) if table.note else "",
    }


def _cell(cell: Cell, language: Language) -> dict[str, Any]:
    return {"text": cell.text.of(language), "proofs": [proof.index for proof in cell.proofs]}


def _proof(proof: Proof, language: Language) -> dict[str, Any]:
    return {
        "index": proof.index,
        "digest": proof.digest,
        "at": korean(proof.at),
        "what": proof.what.of(language),
        "command": proof.command,
    }
