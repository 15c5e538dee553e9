"""Runs codi_load and takes medians."""
import json
import statistics

from .process import run


def authorized(tokens):
    return {"headers": {"Authorization": "Bearer ${token}"}, "in_turn": {"token": tokens}}


def step(name, method, path, statuses=(200,), **more):
    if "body" in more:
        more["body"] = json.dumps(more["body"])
    return {"name": name, "method": method, "path": path, "statuses": list(statuses), **more}


def drive(program, server, plan):
    """Carries a plan out against a server; adds what it cost the server."""
    before = server.cpu_seconds()
    result = json.loads(run([program], input=json.dumps({"host": "127.0.0.1", "port": server.port, **plan})))
    result["cpu_seconds"] = server.cpu_seconds() - before
    result["requests_per_cpu_second"] = result["requests"] / result["cpu_seconds"] if result["cpu_seconds"] else None
    return result


def median(results):
    """The median of each figure of several results of one form."""
    if isinstance(results[0], dict):
        names = dict.fromkeys(name for result in results for name in result)
        return {name: median([result[name] for result in results if name in result]) for name in names}
    return statistics.median(results)
