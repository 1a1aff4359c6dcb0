"""Worlds travel encrypted where the cluster is told so, with the same bits, and not to strangers."""

import importlib.util
import shutil
import subprocess

import pytest

from mechanism import TopDegree, datasets
from solvers.diffusion import spread

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def security(tmp_path_factory):
    """Give keys made for this test: by distributed if it can make them, else by openssl."""
    if importlib.util.find_spec("cryptography"):
        return distributed.security.Security.temporary()
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("neither the package cryptography nor the command openssl is here to make keys")
    folder = tmp_path_factory.mktemp("keys")
    return distributed.security.Security(require_encryption=True, **keys(openssl, folder))


def keys(openssl, folder):
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=test"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    settings = {"tls_ca_file": str(certificate)}
    for role in ("scheduler", "worker", "client"):
        settings |= {f"tls_{role}_key": str(key), f"tls_{role}_cert": str(certificate)}
    return settings


def test_a_cluster_with_tls_returns_the_same_bits(security):
    graph = datasets.example_graph()
    settings = {"probability": 0.1, "replicates": 200, "rng": 7}
    alone = spread(graph, TopDegree(5), engine=1, **settings)
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0", silence_logs=50,
            security=security,
        ) as cluster,
        distributed.Client(cluster, security=security) as client,
    ):  # fmt: skip
        assert cluster.scheduler_address.startswith("tls://")
        assert all(address.startswith("tls://") for address in client.scheduler_info()["workers"])
        far = spread(graph, TopDegree(5), engine=client, **settings)
        assert (far.spread, far.stderr) == (alone.spread, alone.stderr)
        plain = cluster.scheduler_address.replace("tls://", "tcp://")
        with pytest.raises(OSError, match=r"(?i)timed out|reset|closed"):
            distributed.Client(plain, timeout=1)
