import json
import shutil
from pathlib import Path

from typer.testing import CliRunner

from harness.cli import engine_commands
from harness.cli.app import app
from harness.enginebench import image
from harness.enginebench.figures import FIGURES
from harness.enginebench.measure import measure
from harness.models import load_model, names
from harness.paths import shipped


def test_bench_engine_writes_a_row_per_kernel_set(tmp_path):
    assert callable(engine_commands.bench_engine)
    file = tmp_path / "rows.json"
    done = CliRunner().invoke(
        app, ["bench-engine", "digits_cnn_int8", "--compiler", "zig", "--json", str(file)], env={"COLUMNS": "200"}
    )
    assert done.exit_code == 0, done.output
    rows = json.loads(file.read_text())
    assert [row["kernels"] for row in rows] == ["plain", "fast"]
    wanted = {
        "model",
        "dtype",
        "kernels",
        "compiler",
        "instructions",
        "estimated_cycles",
        "flash_bytes",
        "ram_bytes",
        "reused_ram_bytes",
        "macs",
    }
    for row in rows:
        assert wanted <= set(row)
        assert row["compiler"].startswith("zig 0.")
        assert row["flash_bytes"] > row["weights_bytes"] > 0
        assert row["ram_bytes"] > row["reused_ram_bytes"] > 0  # the input's memory is used again
        assert f"{row['instructions'] / 1e6:.3f}" in done.output
    assert rows[0]["instructions"] > rows[1]["instructions"]


def test_bench_engine_counts_a_peer_s_kernels_beside_ours_and_models_of_one_s_own(tmp_path):
    file, sdk = tmp_path / "rows.json", shipped("firmware") / "tests" / "engines" / "cmsis_nn"
    own = shutil.copy(load_model("digits_cnn_int8").path, tmp_path / "mine.tflite")
    command = ["bench-engine", "--models", str(own), "--compiler", "zig", "--kernels", "fast", "--engine-dir", str(sdk)]
    done = CliRunner().invoke(app, [*command, "--json", str(file)], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    ours, theirs = json.loads(file.read_text())
    assert (ours["model"], ours["kernels"], theirs["kernels"]) == ("mine", "fast", "cmsis_nn")
    assert ours["instructions"] < ours["estimated_cycles"] < theirs["estimated_cycles"]  # a stand-in of plain loops
    assert "estimated by a model of the core" in done.output
    assert "fast / cmsis_nn" in done.output
    # A peer's scratch memory counts as far as it is touched, not the 16 KB of the adapter, and not that of our kernels.
    assert theirs["reused_ram_bytes"] < theirs["ram_bytes"] < ours["ram_bytes"]


def test_figures_are_of_models_that_come_with_the_project():
    assert set(FIGURES) <= set(names())


def test_the_kernels_are_compiled_once_for_all_models(tmp_path, monkeypatch):
    image.compiled(load_model("digits_cnn_int8").path, tmp_path / "a", kernels="fast", compiler="zig")
    commands, run = [], image.run
    monkeypatch.setattr(image, "run", lambda command, model: commands.append(command) or run(command, model))
    image.compiled(load_model("bench_imu_int8").path, tmp_path / "b", kernels="fast", compiler="zig")
    (link,) = commands
    assert {Path(part).name for part in link if part.endswith(".c")} == {"bare.c", "model.c"}


def test_the_limits_of_the_networks_hold_with_the_default_compiler():
    for name, figures in FIGURES.items():
        if figures.target_m is None or name.endswith("_f32"):
            continue
        row = measure(name, load_model(name).path, kernels="fast", compiler="zig")
        assert row.instructions <= figures.target_m * 1e6, name
