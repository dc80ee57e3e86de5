"""Real OPA in a process of its own: the Go library hangs after a fork, so no test process loads it.

Usage: python ask.py FOLDER; one JSON line {"modules", "data"}, then lines {"rule", "input"}; each answered by a line
{"result"}, {"undefined": true} or {"error": "..."}.
"""

from __future__ import annotations

import json
import sys


def main() -> None:
    sys.path.insert(0, sys.argv[1])
    from opa_bindings import OpaEngine, OpaError, OpaUndefinedError

    engine = OpaEngine()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "modules" in request:
                for name, text in request["modules"].items():
                    engine.add_policy(name, text)
                engine.add_data(request["data"])
                answer = {"result": True}
            else:
                answer = {"result": engine.eval_document(request["rule"], request["input"])}
        except OpaUndefinedError:
            answer = {"undefined": True}
        except OpaError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
