"""A region is drawn once for all devices that hold it."""

import jax

import initreg
from initreg.config.drawing import fit
from initreg.models import weights
from tests.models.sharding.shared import B, M, mesh_of

drawn, draw = [], weights.draw_fitted


def noting(*arguments, region=None, **options):
    drawn.append(tuple((part.start, part.stop) for part in region))
    return draw(*arguments, region=region, **options)


weights.draw_fitted = noting
mesh = mesh_of(2, 4).backend_mesh
fitted = fit(initreg.validate("random_normal"), (1024, 512))
for axes in [(B, M), (None, M), (M, B), (B,), ()]:
    drawn.clear()
    sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*axes))
    tensor = weights.make_tensor(fitted, "float32", 1, "a", sharding=sharding)
    regions = {
        tuple(part.indices(size)[:2] for part, size in zip(shard.index, tensor.shape, strict=True))
        for shard in tensor.addressable_shards
    }
    assert len(drawn) == len(regions), axes
    assert set(drawn) == regions, axes
