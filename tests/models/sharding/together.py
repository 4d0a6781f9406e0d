"""Two processes (`part`) hold the same values as one. The argument is the folder with results."""

import hashlib
import json
import sys
from pathlib import Path

import initreg
from tests.models.sharding.shared import APPLIED, make_in_scope, values

parts = [json.loads(Path(sys.argv[1], f"{number}.json").read_text()) for number in range(2)]
assert parts[0]["total"] == parts[1]["total"]
model = make_in_scope()
for stage in ("scope", "apply"):
    if stage == "apply":
        initreg.apply(model, APPLIED, seed=5)
    for path, whole in values(model).items():
        held = {}
        for part in parts:
            assert len(part[stage][path]) == 4, path
            for bounds, digest in part[stage][path]:
                shard = whole[tuple(slice(*bound) for bound in bounds)]
                assert hashlib.sha256(shard.tobytes()).hexdigest() == digest, (stage, path)
                held[str(bounds)] = shard.size
        assert sum(held.values()) == whole.size, (stage, path)
for part in parts:  # each has drawn its own regions of the large weights, and no others
    for path in ("embedding/embeddings", "large/kernel", "conv/kernel"):
        drawn = [region for drawn_path, region in part["drawn"] if drawn_path == path]
        assert sorted(drawn) == sorted(bounds for bounds, _ in part["scope"][path]), path
