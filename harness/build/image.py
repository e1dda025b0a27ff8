"""Images that somebody else built: read, and compared with the memories of a board."""

from __future__ import annotations

from pathlib import Path

from harness.build.elf import sections, verify_identity
from harness.build.firmware import MODEL_JSON, FirmwareImage, model_json_beside
from harness.models.codegen.budget import Use, too_large


def read_image(elf: Path) -> FirmwareImage:
    """What an image says of itself. The compiler, the reserved stack and the slots are not in it: empty and 0.

    ``DeviceError`` when it has no identity section, or its weights are not those that it names.
    """
    identity = verify_identity(elf)
    found = sections(elf)
    return FirmwareImage(
        elf=elf,
        build_id=identity.build_id,
        compiler="",
        flash_bytes=sum(section.n_bytes for section in found if section.in_flash),
        ram_bytes=sum(section.n_bytes for section in found if section.in_ram),
        stack_bytes=0,
        sections={section.name: section.n_bytes for section in found},
        model_sha256=identity.model_sha256,
        engine=identity.engine,
        board=identity.board,
        protocol=identity.protocol,
        slots=0,
        model_json=next((p for p in (model_json_beside(elf), elf.parent / MODEL_JSON) if p.is_file()), None),
    )


def check_fits(image: FirmwareImage, *, flash_bytes: int, ram_bytes: int) -> None:
    """``PlanError`` with the numbers when the image needs more than the board has: before anything is written."""
    found = sections(image.elf)
    needs = {
        "flash": (tuple(Use(s.name, s.n_bytes) for s in found if s.in_flash), flash_bytes),
        "RAM": (tuple(Use(s.name, s.n_bytes) for s in found if s.in_ram), ram_bytes),
    }
    if error := too_large("the image", image.board, needs, where=str(image.elf)):
        raise error
