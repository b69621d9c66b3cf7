"""Forecasts series with a model of statsforecast, or writes the public series.

peer.py public OUTPUT: daily series that packages contain
peer.py MODEL INPUT OUTPUT: the forecasts of a model, with its seconds and the memory of this process
"""

import json
import resource
import sys
import time
from importlib.resources import files

import numpy as np
import pandas as pd


def main():
    if sys.argv[1] == "public":
        write(sys.argv[2], public_groups())
    else:
        model, source, target = sys.argv[1:]
        write(target, forecast(model, json.loads(open(source).read())))


def write(path, value):
    with open(path, "w") as file:
        json.dump(value, file)


def public_groups():
    buyers = purchases()
    daily = [of_days(buyers)]
    # The same purchases of a fifth of the customers, and of a two hundredth.
    fifths = [of_days(buyers[buyers["customer"] % 5 == part]) for part in range(5)]
    parts = [of_days(buyers[buyers["customer"] % 60 == part]) for part in range(60)]
    weather = pd.read_csv(files("vega_datasets") / "_data" / "seattle-weather.csv", parse_dates=["date"])
    rain = weather.sort_values("date")["precipitation"].tolist()
    # Each series of two years begins half a year after the one before.
    rains = [rain[start : start + 758] for start in range(0, len(rain) - 758, 90)]
    return [
        {"name": "CDNOW, all customers and fifths", "is_intermittent": False, "series": daily + fifths},
        {"name": "CDNOW, sixtieths of the customers", "is_intermittent": True, "series": parts},
        {"name": "rain in Seattle", "is_intermittent": True, "series": rains},
    ]


def purchases():
    """The purchases of CDs by a tenth of the customers of CDNOW, 1997 and 1998 (package lifetimes)."""
    path = files("lifetimes") / "datasets" / "CDNOW_sample.txt"
    columns = ["master", "customer", "date", "units", "amount"]
    rows = pd.read_csv(path, sep=r"\s+", names=columns)
    rows["date"] = pd.to_datetime(rows["date"], format="%Y%m%d")
    return rows


def of_days(rows):
    """The units of each day. The first quarter of 1997 is left out, because all customers made their first purchase then."""
    days = pd.date_range("1997-04-01", "1998-06-30")
    return rows.groupby("date")["units"].sum().reindex(days, fill_value=0).astype(float).tolist()


def forecast(name, source):
    horizon = source["horizon"]
    model = model_of(name, horizon)
    # The first call compiles.
    run(model, [[float(day % 7 + day % 3) for day in range(200)]], horizon)
    started = time.perf_counter()
    rows = run(model, source["series"], horizon)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"name": name, "seconds": seconds, "peak_mib": peak, "series": to_predictions(name, rows, horizon)}


def model_of(name, horizon):
    from statsforecast.models import AutoETS, CrostonSBA, SeasonalNaive
    from statsforecast.utils import ConformalIntervals

    if name == "AutoETS":
        return AutoETS(season_length=7)
    if name == "SeasonalNaive":
        return SeasonalNaive(season_length=7)
    # It has no intervals of its own.
    return CrostonSBA(prediction_intervals=ConformalIntervals(h=horizon, n_windows=5))


def run(model, series, horizon):
    from statsforecast import StatsForecast

    frames = [
        pd.DataFrame({"unique_id": f"{number:05}", "ds": pd.date_range("2024-01-01", periods=len(days)), "y": days})
        for number, days in enumerate(series)
    ]
    return StatsForecast(models=[model], freq="D", n_jobs=1).forecast(
        df=pd.concat(frames), h=horizon, level=[80, 95]
    )


def to_predictions(name, rows, horizon):
    columns = {
        "expected": name,
        "low_80": f"{name}-lo-80",
        "high_80": f"{name}-hi-80",
        "low_95": f"{name}-lo-95",
        "high_95": f"{name}-hi-95",
    }
    rows = rows.sort_values(["unique_id", "ds"])
    values = {column: rows[source].to_numpy().reshape(-1, horizon) for column, source in columns.items()}
    count = len(values["expected"])
    return [{column: np.nan_to_num(of[number]).tolist() for column, of in values.items()} for number in range(count)]


main()
