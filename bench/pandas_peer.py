#!/usr/bin/env python3
"""The month's macro-monitoring dataset made straight from CSV with pandas and openpyxl: what the service is
measured against. It keeps no snapshot, no findings, no ledger and no history; its figures must be the same.

    pandas_peer.py SOURCE_DIR PERIOD OUT_DIR --as-of YYYY-MM-DD

SOURCE_DIR holds arb_org.csv, arb_case.csv and arb_mediation.csv in the contract's form; PERIOD is YYYY-MM,
YYYY-Qn, YYYY-Hn or YYYY (natural months). Writes macro-monitoring-PERIOD.csv, the same rows as JSON, and a
plain workbook. Codes are normalised, days are day numbers, amounts are summed as whole fen.
"""

import argparse
import calendar
import json
import unicodedata
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

DEFINITIONS = Path(__file__).resolve().parent.parent / "schemas" / "definitions"
NONE = -1_000_000  # a day that is not there; before every real one

DISPUTES = [f"{n:02d}" for n in range(1, 13)] + ["99"]
EMPLOYER_GROUPS = [
    ["110"], ["120"], ["130", "140", "150", "160", "170"], ["200", "300"], ["400"], ["500"], ["600"], ["700", "800"], ["900"],
]
INDUSTRIES = list("ABCDEFGHIJKLMNOPQRSTZ")
MEDIATORS = ["1", "2", "3", "4", "5", "9"]
CASE_COLUMNS = [
    "CASE_ID", "ORG_CODE", "ACCEPT_DATE", "REJECT_DATE", "LIMIT_START_DATE", "EXCLUDED_DAYS", "SUSPENDED_SINCE",
    "EXTEND_DAYS", "DISPUTE_TYPE", "APPLICANT_SIDE", "WORKER_COUNT", "IS_COLLECTIVE", "EMPLOYER_NATURE",
    "INDUSTRY_CODE", "CLAIM_AMOUNT", "CLOSE_DATE", "CLOSE_MODE", "FINAL_AWARD", "AWARD_RESULT", "AWARD_AMOUNT",
    "DELETED", "UPDATED_AT",
]
MEDIATION_COLUMNS = [
    "MEDIATION_ID", "ORG_CODE", "MEDIATOR_KIND", "ACCEPT_DATE", "CLOSE_DATE", "RESULT", "WORKER_COUNT", "AMOUNT",
    "DELETED", "UPDATED_AT",
]
NUMBER_COLUMNS = {"EXCLUDED_DAYS", "EXTEND_DAYS", "WORKER_COUNT", "CLAIM_AMOUNT", "AWARD_AMOUNT", "AMOUNT"}
# numerator, denominator, multiplier, decimals
RATIOS = {
    "R01": (["C01"], ["A01", "A02"], 100, 2),
    "R02": (["C02"], ["C01"], 100, 2),
    "R03": (["C04"], ["C03"], 100, 2),
    "R04": (["C11"], ["C01"], 100, 2),
    "R05": (["TRIAL"], ["C01"], 1, 1),
    "M04": (["M03"], ["M02"], 100, 2),
}
AMOUNTS = {"A08", "C13", "M06"}


def day_number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


# ---- reading -------------------------------------------------------------------------------------------------


def read(path: Path, columns: list[str]) -> pd.DataFrame:
    header = pd.read_csv(path, encoding="utf-8-sig", nrows=0).columns
    numbers = [name for name in header if name.upper() in NUMBER_COLUMNS]
    frame = pd.read_csv(
        path,
        encoding="utf-8-sig",
        usecols=lambda name: name.upper() in columns,
        dtype={name: "float64" if name in numbers else str for name in header},
        keep_default_na=False,
        na_values={name: [""] for name in numbers},
    )
    return frame.rename(columns=str.upper)


def normalise(column: pd.Series) -> pd.Series:
    """NFKC and trimmed; each distinct value once."""
    values = column.unique()
    return column.map({value: unicodedata.normalize("NFKC", value).strip() for value in values})


def days(column: pd.Series) -> np.ndarray:
    text = column.str.slice(0, 10)
    values = {value: NONE if value == "" else day_number(date.fromisoformat(value)) for value in text.unique()}
    return text.map(values).to_numpy(dtype=np.int64)


def integers(column: pd.Series) -> np.ndarray:
    return column.fillna(0).to_numpy().astype(np.int64)


def fen(column: pd.Series) -> np.ndarray:
    """Yuan with up to two decimals as whole fen; a float holds every yuan amount below 10^13 to half a fen."""
    return np.rint(column.fillna(0).to_numpy() * 100).astype(np.int64)


def newest_per_key(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    if frame[key].is_unique:
        return frame
    rank = pd.to_datetime(frame["UPDATED_AT"])
    order = np.lexsort((np.arange(len(frame)), rank.to_numpy()))
    return frame.iloc[order].drop_duplicates(key, keep="last")


# ---- calendar ------------------------------------------------------------------------------------------------


def next_working_days(first: int, last: int) -> np.ndarray:
    """For each day first..last: that day, or the next working one."""
    years = json.loads((DEFINITIONS / "working-days.json").read_text("utf-8"))["years"]
    all_days = np.arange(first, last + 15)
    working = (all_days + 3) % 7 < 5  # 1970-01-01 was a Thursday
    for year in range(date.fromordinal(719163 + first).year, date.fromordinal(719163 + last + 15).year + 1):
        listed = years.get(str(year), {"holidays": [f"{year}-01-01"], "workdays": []})
        for name, value in (("holidays", False), ("workdays", True)):
            index = np.array([day_number(date.fromisoformat(day)) for day in listed[name]], dtype=np.int64) - first
            working[index[(index >= 0) & (index < len(working))]] = value
    following = np.where(working, all_days, np.iinfo(np.int64).max)
    return np.minimum.accumulate(following[::-1])[::-1]


def month_span(first_month: int, last_month: int) -> tuple[int, int]:
    """First day of a month and last day of another; months count from year 0."""
    (start_year, start_month), (end_year, end_month) = divmod(first_month, 12), divmod(last_month, 12)
    last_day = calendar.monthrange(end_year, end_month + 1)[1]
    return day_number(date(start_year, start_month + 1, 1)), day_number(date(end_year, end_month + 1, last_day))


def period_months(period: str) -> tuple[int, int]:
    year = int(period[:4]) * 12
    part = period[5:]
    if part == "":
        return year, year + 11
    if part[0] in "QH":
        length = 3 if part[0] == "Q" else 6
        last = year + int(part[1:]) * length - 1
        return last - length + 1, last
    return year + int(part) - 1, year + int(part) - 1


# ---- facts ---------------------------------------------------------------------------------------------------


def load_cases(source: Path, as_of: int, bodies: pd.Index) -> tuple[dict, pd.DataFrame]:
    """Counted cases (and rejected applications) as arrays, and the excluded cases."""
    frame = read(source / "arb_case.csv", CASE_COLUMNS)
    for name in ("ORG_CODE", "DISPUTE_TYPE", "APPLICANT_SIDE", "IS_COLLECTIVE", "EMPLOYER_NATURE", "INDUSTRY_CODE",
                 "CLOSE_MODE", "FINAL_AWARD", "AWARD_RESULT", "DELETED"):
        frame[name] = normalise(frame[name])
    frame = newest_per_key(frame, "CASE_ID")
    accept, reject, close = days(frame["ACCEPT_DATE"]), days(frame["REJECT_DATE"]), days(frame["CLOSE_DATE"])
    body = bodies.get_indexer(frame["ORG_CODE"])
    live = (frame["DELETED"] == "0").to_numpy()
    closed_right = (close == NONE) | ((close >= accept) & (close <= as_of))
    counted = live & (body >= 0) & (accept != NONE) & (accept <= as_of) & closed_right
    rejected = live & (body >= 0) & (accept == NONE) & (reject != NONE) & (reject <= as_of)
    excluded = frame.loc[live & (accept != NONE) & ~counted, ["CASE_ID", "ORG_CODE", "ACCEPT_DATE", "CLOSE_DATE"]]

    start = days(frame["LIMIT_START_DATE"])
    start = np.where(start == NONE, accept, start)
    excluded_days = integers(frame["EXCLUDED_DAYS"])
    due = start + 45 + integers(frame["EXTEND_DAYS"]) + excluded_days
    due = np.where(counted, due, as_of)
    first = int(due.min(initial=as_of))
    deadline = next_working_days(first, int(due.max(initial=as_of)))[due - first]
    employer = {code: position for position, codes in enumerate(EMPLOYER_GROUPS) for code in codes}
    facts = {
        "body": body,
        "accept": accept,
        "close": close,
        "deadline": deadline,
        "suspended": days(frame["SUSPENDED_SINCE"]),
        "workers": integers(frame["WORKER_COUNT"]),
        "claim": fen(frame["CLAIM_AMOUNT"]),
        "award": fen(frame["AWARD_AMOUNT"]),
        "trial": close - start - excluded_days,
        "dispute": positions(frame["DISPUTE_TYPE"], DISPUTES),
        "employer": frame["EMPLOYER_NATURE"].map(employer).fillna(8).to_numpy(dtype=np.int64),
        "industry": positions(frame["INDUSTRY_CODE"], INDUSTRIES),
        **{name.lower(): frame[name].to_numpy()
           for name in ("APPLICANT_SIDE", "IS_COLLECTIVE", "CLOSE_MODE", "FINAL_AWARD", "AWARD_RESULT")},
    }
    cases = {name: values[counted] for name, values in facts.items()}
    cases["rejected"] = {"body": body[rejected], "day": reject[rejected]}
    return cases, excluded


def positions(column: pd.Series, codes: list[str]) -> np.ndarray:
    """Place of each code in its list; an unknown or empty one counts under the last."""
    found = pd.Index(codes).get_indexer(column)
    return np.where(found < 0, len(codes) - 1, found)


def load_mediations(source: Path, as_of: int, bodies: pd.Index) -> tuple[dict, pd.DataFrame]:
    frame = read(source / "arb_mediation.csv", MEDIATION_COLUMNS)
    for name in ("ORG_CODE", "MEDIATOR_KIND", "RESULT", "DELETED"):
        frame[name] = normalise(frame[name])
    frame = newest_per_key(frame, "MEDIATION_ID")
    accept, close = days(frame["ACCEPT_DATE"]), days(frame["CLOSE_DATE"])
    body = bodies.get_indexer(frame["ORG_CODE"])
    live = (frame["DELETED"] == "0").to_numpy()
    closed_right = (close == NONE) | ((close >= accept) & (close <= as_of))
    counted = live & (body >= 0) & (accept != NONE) & (accept <= as_of) & closed_right
    excluded = frame.loc[live & ~counted, ["MEDIATION_ID", "ORG_CODE", "ACCEPT_DATE", "CLOSE_DATE"]]
    facts = {
        "body": body,
        "accept": accept,
        "close": close,
        "workers": integers(frame["WORKER_COUNT"]),
        "amount": fen(frame["AMOUNT"]),
        "mediator": positions(frame["MEDIATOR_KIND"], MEDIATORS),
        "success": frame["RESULT"].isin(["1", "2"]).to_numpy(),
    }
    return {name: values[counted] for name, values in facts.items()}, excluded


# ---- figures -------------------------------------------------------------------------------------------------


def figures(cases: dict, mediations: dict, bodies: int, start: int, end: int) -> dict[str, list[int]]:
    """Exact sums of every indicator: one value per body in order, then the whole."""

    def total(body: np.ndarray, mask: np.ndarray, weight: np.ndarray | None = None) -> list[int]:
        if weight is None:
            sums = np.bincount(body[mask], minlength=bodies).astype(np.int64)
        else:
            by_body = pd.Series(weight[mask]).groupby(body[mask]).sum()  # stays int64: exact
            sums = by_body.reindex(range(bodies), fill_value=0).to_numpy(dtype=np.int64)
        return [*map(int, sums), int(sums.sum())]

    def case(mask, weight=None):
        return total(cases["body"], mask, weight)

    def mediation(mask, weight=None):
        return total(mediations["body"], mask, weight)

    accept, close = cases["accept"], cases["close"]
    accepted = (accept >= start) & (accept <= end)
    closed = (close >= start) & (close <= end)
    collective = accepted & (cases["is_collective"] == "1")
    award = closed & (cases["close_mode"] == "2")
    open_at_end = (accept <= end) & ((close == NONE) | (close > end))
    suspended = (cases["suspended"] != NONE) & (cases["suspended"] <= end)
    values = {
        "A01": case((accept < start) & ((close == NONE) | (close >= start))),
        "A02": case(accepted),
        "A03": case(collective),
        "A04": case(accepted & (cases["applicant_side"] == "1")),
        "A05": case(accepted & (cases["applicant_side"] == "2")),
        "A06": case(accepted, cases["workers"]),
        "A07": case(collective, cases["workers"]),
        "A08": case(accepted, cases["claim"]),
        "A09": total(cases["rejected"]["body"], (cases["rejected"]["day"] >= start) & (cases["rejected"]["day"] <= end)),
        **{f"T{code}": case(accepted & (cases["dispute"] == i)) for i, code in enumerate(DISPUTES)},
        **{f"E{i + 1:02d}": case(accepted & (cases["employer"] == i)) for i in range(len(EMPLOYER_GROUPS))},
        **{f"I{code}": case(accepted & (cases["industry"] == i)) for i, code in enumerate(INDUSTRIES)},
        "C01": case(closed),
        "C02": case(closed & (cases["close_mode"] == "1")),
        "C03": case(award),
        "C04": case(award & (cases["final_award"] == "1")),
        "C05": case(closed & (cases["close_mode"] != "1") & (cases["close_mode"] != "2")),
        "C06": case(closed & ((cases["close_mode"] == "3") | (cases["close_mode"] == "4"))),
        **{f"C{6 + n:02d}": case(award & (cases["award_result"] == str(n))) for n in (1, 2, 3)},
        "C10": case(award & ~np.isin(cases["award_result"].astype(str), ["1", "2", "3"])),
        "C11": case(closed & (close <= cases["deadline"])),
        "C12": case(closed, cases["workers"]),
        "C13": case(closed, cases["award"]),
        "B01": case(open_at_end),
        "B02": case(open_at_end & ~suspended & (cases["deadline"] <= end)),
        "TRIAL": case(closed, cases["trial"]),
    }
    started = (mediations["accept"] >= start) & (mediations["accept"] <= end)
    ended = (mediations["close"] >= start) & (mediations["close"] <= end)
    values |= {
        "M01": mediation(started),
        "M02": mediation(ended),
        "M03": mediation(ended & mediations["success"]),
        "M05": mediation(started, mediations["workers"]),
        "M06": mediation(ended, mediations["amount"]),
        **{f"MK{code}": mediation(started & (mediations["mediator"] == i)) for i, code in enumerate(MEDIATORS)},
    }
    return values


def quotient(numerator: int, denominator: int, decimals: int) -> str:
    """numerator / denominator as text, rounded half away from zero."""
    scaled, sign = abs(numerator) * 10**decimals, -1 if numerator < 0 else 1
    rounded = (2 * scaled + denominator) // (2 * denominator) * sign
    digits = f"{abs(rounded):0{decimals + 1}d}"
    return f"{'-' if rounded < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}"


def texts(values: dict[str, list[int]], indicator: str) -> list[str]:
    if indicator in AMOUNTS:
        return [quotient(value, 1_000_000, 2) for value in values[indicator]]  # fen to 万元
    if indicator not in RATIOS:
        return [str(value) for value in values[indicator]]
    above, below, multiplier, decimals = RATIOS[indicator]
    numerators = [sum(column) for column in zip(*(values[name] for name in above))]
    denominators = [sum(column) for column in zip(*(values[name] for name in below))]
    return ["" if d == 0 else quotient(n * multiplier, d, decimals) for n, d in zip(numerators, denominators)]


def balances(scope: str, codes: list[str], values: dict[str, list[int]]) -> list[tuple]:
    """Checks K01 to K07 and K10 for each body and the whole, and K08."""

    def column(*names: str) -> np.ndarray:
        return np.sum([values[name] for name in names], axis=0)

    parts = {
        "K01": (column("A01", "A02") - column("C01"), column("B01")),
        "K02": (column(*(f"T{code}" for code in DISPUTES)), column("A02")),
        "K03": (column(*(f"E{n + 1:02d}" for n in range(len(EMPLOYER_GROUPS)))), column("A02")),
        "K04": (column(*(f"I{code}" for code in INDUSTRIES)), column("A02")),
        "K05": (column("C02", "C03", "C05"), column("C01")),
        "K06": (column("C07", "C08", "C09", "C10"), column("C03")),
        "K10": (column(*(f"MK{code}" for code in MEDIATORS)), column("M01")),
    }
    at_most = [("A03", "A02"), ("C04", "C03"), ("C06", "C05"), ("C11", "C01"), ("B02", "B01"), ("M03", "M02")]
    rows = [
        (check, scope, code, int(left), "=", int(right), "是" if left == right else "否")
        for check, (lefts, rights) in parts.items()
        for code, left, right in zip(codes, lefts, rights)
    ]
    rows += [
        (f"K07 {part}≤{whole}", scope, code, left, "≤", right, "是" if left <= right else "否")
        for part, whole in at_most
        for code, left, right in zip(codes, values[part], values[whole])
    ]
    rows += [
        (f"K08 {name}", scope, "ALL", sum(column[:-1]), "=", column[-1], "是" if sum(column[:-1]) == column[-1] else "否")
        for name, column in values.items()
    ]
    return rows


# ---- writing -------------------------------------------------------------------------------------------------


def number(text: str):
    return None if text == "" else float(text) if "." in text else int(text)


def add_sheet(book: Workbook, title: str, header: list[str], rows: list, widths: int = 12) -> None:
    sheet = book.create_sheet(title)
    sheet.append([title])
    sheet["A1"].font = Font(size=14, bold=True)
    sheet.append(header)
    for cell in sheet[2]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append(list(row))
    sheet.freeze_panes = "C3"
    sheet.print_title_rows = "1:2"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToHeight = 0
    for index in range(1, len(header) + 1):
        sheet.column_dimensions[get_column_letter(index)].width = 34 if index == 2 else widths


def change(now: int, before: int) -> list:
    return [now, before, now - before, None if before == 0 else round((now - before) / before * 100, 2)]


def write_workbook(path: Path, period: str, as_of: str, orgs: pd.DataFrame, indicators: list[dict], exact: dict,
                   shown: dict, checks: list, excluded: list) -> None:
    book = Workbook()
    book.remove(book.active)
    codes, names = [*orgs["ORG_CODE"], "ALL"], [*orgs["ORG_NAME"], "合计"]
    title_of = {entry["id"]: f"{entry['name']}({entry['unit']})" for entry in indicators}

    def table(title: str, scope: str, prefixes: tuple[str, ...]) -> None:
        ids = [entry["id"] for entry in indicators if entry["id"].startswith(prefixes) and len(entry["id"]) <= 3]
        columns = [[number(text) for text in shown[scope][name]] for name in ids]
        rows = list(zip(codes, names, *columns))
        add_sheet(book, title, ["机构代码", "机构名称", *(title_of[name] for name in ids)], rows)

    bad = sum(1 for check in checks if check[-1] != "是")
    notes = [("统计期", period), ("数据截至", as_of), ("平衡检查未通过", bad), ("待核查", len(excluded))]
    add_sheet(book, "说明", ["项目", "内容"], notes)
    table("表1仲裁案件情况", "month", ("A", "C", "B", "R"))
    table("表1累计", "ytd", ("A", "C", "B", "R"))
    table("表2案外调解情况", "month", ("M",))
    for title, prefixes in (("分争议类型", ("A02", "T")), ("分用人单位类型", ("A02", "E")), ("分行业", ("A02", "I"))):
        table(title, "month", prefixes)
    flows = [e["id"] for e in indicators if e["id"] not in RATIOS and e["id"] not in AMOUNTS and e["id"][0] not in "B"]
    rows = [
        [code, org, title_of[name],
         *change(exact["month"][name][i], exact["before"][name][i]),
         *change(exact["month"][name][i], exact["year_before"][name][i])[1:],
         *change(exact["ytd"][name][i], exact["ytd_before"][name][i])]
        for name in flows if name != "A01"
        for i, (code, org) in enumerate(zip(codes, names))
    ]
    header = ["机构代码", "机构名称", "指标", "本期", "上期", "环比增减", "环比%", "上年同期", "同比增减", "同比%",
              "累计", "上年累计", "累计增减", "累计同比%"]
    add_sheet(book, "同比环比", header, rows)
    add_sheet(book, "平衡检查", ["检查", "范围", "机构", "左", "关系", "右", "成立"], checks)
    add_sheet(book, "待核查", ["记录", "机构代码", "受理日期", "结案日期"], excluded)
    book.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description="Macro-monitoring of one period with pandas.")
    parser.add_argument("source", type=Path)
    parser.add_argument("period")
    parser.add_argument("out", type=Path)
    parser.add_argument("--as-of", required=True)
    options = parser.parse_args()
    as_of = day_number(date.fromisoformat(options.as_of))

    orgs = read(options.source / "arb_org.csv", ["ORG_CODE", "ORG_NAME"])
    orgs["ORG_CODE"] = normalise(orgs["ORG_CODE"])
    orgs = orgs.drop_duplicates("ORG_CODE").sort_values("ORG_CODE")
    bodies = pd.Index(orgs["ORG_CODE"])
    cases, excluded_cases = load_cases(options.source, as_of, bodies)
    mediations, excluded_mediations = load_mediations(options.source, as_of, bodies)

    first, last = period_months(options.period)
    length, january = last - first + 1, first - first % 12
    spans = {
        "month": (first, last), "ytd": (january, last), "before": (first - length, first - 1),
        "year_before": (first - 12, last - 12), "ytd_before": (january - 12, last - 12),
    }
    exact = {name: figures(cases, mediations, len(bodies), *month_span(*span)) for name, span in spans.items()}
    indicators = json.loads((DEFINITIONS / "indicators.json").read_text("utf-8"))["indicators"]
    shown = {scope: {e["id"]: texts(exact[scope], e["id"]) for e in indicators} for scope in ("month", "ytd")}

    codes, names = [*orgs["ORG_CODE"], "ALL"], [*orgs["ORG_NAME"], "合计"]
    dataset = pd.DataFrame(
        [
            (options.period, scope, code, name, e["id"], e["name"], e["unit"], shown[scope][e["id"]][i])
            for scope in ("month", "ytd")
            for i, (code, name) in enumerate(zip(codes, names))
            for e in indicators
        ],
        columns=["period", "scope", "org_code", "org_name", "indicator_id", "indicator_name", "unit", "value"],
    )
    options.out.mkdir(parents=True, exist_ok=True)
    stem = options.period.replace("-", "")
    dataset.to_csv(options.out / f"macro-monitoring-{stem}.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n")
    dataset.to_json(options.out / f"macro-monitoring-{stem}.json", orient="records", force_ascii=False)
    checks = [row for scope in ("month", "ytd") for row in balances(scope, codes, exact[scope])]
    excluded = [*excluded_cases.itertuples(index=False), *excluded_mediations.itertuples(index=False)]
    write_workbook(options.out / f"宏观监测-{stem}.xlsx", options.period, options.as_of, orgs, indicators, exact, shown,
                   checks, excluded)


if __name__ == "__main__":
    main()
