"""All routes of the administration."""

from hanbok.http.admin import approvals, budgets, grants, keys, organisations, own, parties, records
from hanbok.http.admin.route import Route

ROUTES: tuple[Route, ...] = (
    *own.ROUTES,
    *organisations.ROUTES,
    *budgets.ROUTES,
    *parties.ROUTES,
    *keys.ROUTES,
    *grants.ROUTES,
    *approvals.ROUTES,
    *records.ROUTES,
)
