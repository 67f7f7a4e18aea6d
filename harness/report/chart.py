"""The report's picture: one time axis for arrivals, latency, replicas, alerts, faults, windows and deadlines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from harness.expectations.base import Finding, Result
from harness.report.series import Axis, Limit, Line, Span, Spot

COLOURS = ("#3b7dd8", "#d9822b", "#2f9e6e", "#a65bb5", "#c2453d", "#7a8a24", "#4aa3a2", "#8c6d5a")
DASHES = ("solid", "dash", "dot", "dashdot")
STATES = {"phase": "#8aa0b8", "fault": "#c2453d", "pending": "#e0b84c", "firing": "#c2453d"}
SPOTS = {
    "firing": ("triangle-up", "#c2453d", "received by the receiver: firing"),
    "resolved": ("triangle-down", "#2f9e6e", "received by the receiver: resolved"),
    "effect": ("x", "#c2453d", "effect seen"),
    "no_effect": ("x-open", "#8a8a8a", "no effect"),
    "undone": ("circle-open", "#2f9e6e", "undone"),
    "undo_failed": ("circle-x", "#c2453d", "undo failed"),
}
DEADLINES = {Result.PASS: "#2f9e6e", Result.FAIL: "#c2453d", Result.NO_DATA: "#8a8a8a", Result.INVALID: "#a65bb5"}


def time(at: float) -> datetime:
    """Seconds since the epoch -> what the axis shows (UTC)."""
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None)


def figure(axis: Axis, findings: Sequence[Finding], target_of: dict[str, tuple[str, float]]) -> go.Figure:
    """The whole picture. `target_of` maps an expectation's id to the workload and the replicas that it wants."""
    workloads = [
        name for name, lines in axis.replicas.items() if _moves(lines) or name in {w for w, _ in target_of.values()}
    ]
    titles = ["phases and faults", "arrivals per second", "p95, ms", "alerts", *workloads]
    heights = [1.1, 2.0, 2.0, max(0.8, 0.35 * len({span.name for span in axis.alerts}) + 0.5), *([0.9] * len(workloads))]
    drawn = make_subplots(
        rows=len(titles),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.26 / (2.6 + len(titles)),
        row_heights=heights,
        subplot_titles=titles,
    )
    for span in axis.phases:
        _bar(drawn, 1, span, "phases", text=span.name)
    for span in axis.faults:
        _bar(drawn, 1, span, span.name)
    _spots(drawn, 1, [(spot.name.split(":")[0], spot) for spot in axis.fault_spots])
    colours = _colours([*axis.arrivals, *axis.latency])
    _lines(drawn, 2, axis.arrivals, colours)
    _lines(drawn, 3, axis.latency, colours)
    for limit in axis.limits:
        _limit(drawn, 3, limit)
    for span in axis.alerts:
        _bar(drawn, 4, span, span.name)
    _spots(drawn, 4, [(spot.name, spot) for spot in axis.notifications])
    if not axis.alerts and not axis.notifications:
        drawn.add_annotation(
            text="no alert was pending or fired", showarrow=False, x=0.5, xref="x4 domain", y=0.5, yref="y4 domain"
        )
    for row, workload in enumerate(workloads, start=5):
        _replicas(drawn, row, axis.replicas[workload], show=row == 5)
        _deadlines(drawn, row, [(f, target_of[f.id][1]) for f in findings if target_of.get(f.id, ("",))[0] == workload])
    for spot in axis.windows:
        where = {"x": time(spot.at), "y": 1.0, "yref": "paper", "yanchor": "bottom", "yshift": 16}
        drawn.add_annotation(text=spot.name, showarrow=False, font={"size": 11}, **where)
    for title in drawn.layout.annotations[: len(titles)]:
        title.update(x=0, xanchor="left", font={"size": 13})
    drawn.update_xaxes(type="date", range=[time(axis.since), time(axis.until)], tickformat="%H:%M:%S", showgrid=True)
    drawn.update_yaxes(rangemode="tozero", row=2)
    drawn.update_yaxes(rangemode="tozero", row=3)
    for row, lanes in ((1, ["phases", *(span.name for span in axis.faults)]), (4, _in_order(axis))):
        drawn.update_yaxes(categoryorder="array", categoryarray=list(dict.fromkeys(lanes))[::-1], row=row)
    _legends(drawn, len(titles))
    drawn.update_layout(
        height=int(115 * sum(heights)) + 120,
        margin={"l": 170, "r": 20, "t": 60, "b": 40},
        shapes=_shapes(axis, len(titles)),
        hovermode="x unified",
        hoversubplots="axis",
        barmode="overlay",
        modebar={"bgcolor": "rgba(0,0,0,0)"},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif"},
    )
    return drawn


def _shapes(axis: Axis, rows: int) -> list[dict[str, Any]]:
    """Window boundaries and faults across every row. Set at once: plotly's add_vline takes a second for a few of them."""
    looks: list[dict[str, Any]] = [
        {
            "type": "line",
            "x0": time(spot.at),
            "x1": time(spot.at),
            "line": {"color": "#5470c6", "dash": "dash", "width": 1.5},
        }
        for spot in axis.windows
    ]
    looks += [
        {"type": "rect", "x0": time(span.since), "x1": time(span.until), "fillcolor": "#c2453d", "opacity": 0.07}
        | {"line": {"width": 0}}
        for span in axis.faults
    ]
    numbers = ["", *(str(row) for row in range(2, rows + 1))]
    return [
        {**look, "y0": 0, "y1": 1, "xref": f"x{number}", "yref": f"y{number} domain"}
        for look in looks
        for number in numbers
    ]


def _moves(lines: Sequence[Line]) -> bool:
    return any(len(set(line.values)) > 1 for line in lines)


def _bar(drawn: go.Figure, row: int, span: Span, lane: str, text: str = "") -> None:
    length = (span.until - span.since) * 1000
    drawn.add_trace(
        go.Bar(
            base=[time(span.since)],
            x=[length],
            y=[lane],
            orientation="h",
            marker={"color": STATES[span.kind], "opacity": 0.75, "line": {"width": 1, "color": "rgba(255,255,255,.6)"}},
            text=text,
            textposition="inside",
            insidetextanchor="middle",
            insidetextfont={"color": "#10151c"},
            showlegend=False,
            hovertemplate=f"{span.name} ({span.kind}) {span.detail}<extra></extra>",
        ),
        row=row,
        col=1,
    )


def _spots(drawn: go.Figure, row: int, spots: Sequence[tuple[str, Spot]]) -> None:
    for kind, (symbol, colour, says) in SPOTS.items():
        chosen = [(lane, spot) for lane, spot in spots if spot.kind == kind]
        if chosen:
            drawn.add_trace(
                go.Scatter(
                    x=[time(spot.at) for _, spot in chosen],
                    y=[lane for lane, _ in chosen],
                    mode="markers",
                    marker={"symbol": symbol, "size": 11, "color": colour, "line": {"width": 1, "color": "#ffffff"}},
                    name=says,
                    customdata=[spot.detail for _, spot in chosen],
                    hovertemplate=f"{says} %{{customdata}}<extra></extra>",
                ),
                row=row,
                col=1,
            )


def _in_order(axis: Axis) -> list[str]:
    """Alerts from top to bottom as they came first."""
    first = sorted(
        [(span.since, span.name) for span in axis.alerts] + [(spot.at, spot.name) for spot in axis.notifications]
    )
    return [name for _, name in first]


def _colours(lines: Sequence[Line]) -> dict[str, str]:
    """A territory has one colour in every row."""
    groups = sorted({line.group for line in lines})
    return {group: COLOURS[index % len(COLOURS)] for index, group in enumerate(groups)}


def _legends(drawn: go.Figure, rows: int) -> None:
    """Each row has its own legend at the right of its title: one for all would be out of sight from most rows."""
    for row in range(1, rows + 1):
        name = "legend" if row == 1 else f"legend{row}"
        axis = drawn.layout["yaxis" if row == 1 else f"yaxis{row}"]
        drawn.update_traces(legend=name, row=row, col=1)
        place = {"orientation": "h", "x": 1, "xanchor": "right", "y": axis.domain[1], "yanchor": "bottom"}
        drawn.update_layout({name: {**place, "font": {"size": 11}, "bgcolor": "rgba(0,0,0,0)"}})


def _limit(drawn: go.Figure, row: int, limit: Limit) -> None:
    drawn.add_trace(
        go.Scatter(
            x=[time(limit.since), time(limit.until)],
            y=[limit.value, limit.value],
            mode="lines+text",
            text=["", limit.name],
            textposition="middle right",
            textfont={"size": 11},
            name=limit.name,
            showlegend=False,
            line={"width": 1.5, "dash": "longdash", "color": "#c2453d"},
            hovertemplate=f"limit of {limit.name}<extra></extra>",
        ),
        row=row,
        col=1,
    )


def _lines(drawn: go.Figure, row: int, lines: Sequence[Line], colours: dict[str, str]) -> None:
    drawn_of: dict[str, int] = {}
    for line in lines:
        nth = drawn_of[line.group] = drawn_of.get(line.group, -1) + 1
        drawn.add_trace(
            go.Scatter(
                x=[time(at) for at in line.at],
                y=line.values,
                mode="lines",
                name=line.name,
                line={"width": 1.5, "color": colours[line.group], "dash": DASHES[nth % len(DASHES)]},
            ),
            row=row,
            col=1,
        )


def _replicas(drawn: go.Figure, row: int, lines: Sequence[Line], show: bool) -> None:
    looks: dict[str, dict[str, Any]] = {
        "wanted": {"dash": "dot", "color": "#d9822b", "width": 1.6},
        "ready": {"color": "#2f9e6e", "width": 2.2},
    }
    for line in lines:
        drawn.add_trace(
            go.Scatter(
                x=[time(at) for at in line.at],
                y=line.values,
                mode="lines",
                name=f"replicas {line.name}",
                legendgroup=f"replicas {line.name}",
                showlegend=show,
                line={"shape": "hv", **looks[line.name]},
            ),
            row=row,
            col=1,
        )
    most = max(max(line.values) for line in lines)
    drawn.update_yaxes(range=[0, most + 1], dtick=max(1, round(most / 3)), row=row)


def _deadlines(drawn: go.Figure, row: int, wanted: Sequence[tuple[Finding, float]]) -> None:
    for finding, replicas in wanted:
        if finding.deadline is None:
            continue
        drawn.add_trace(
            go.Scatter(
                x=[time(finding.deadline)],
                y=[replicas],
                mode="markers",
                marker={"symbol": "diamond", "size": 11, "color": DEADLINES[finding.result]},
                name=f"deadline of {finding.id}",
                showlegend=False,
                hovertemplate=f"deadline: {finding.wanted}<br>{finding.result}: {finding.observed}<extra></extra>",
            ),
            row=row,
            col=1,
        )
