"""Another certificate: new files in the place of the old ones, and HUP."""

import signal
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from tornadolike.tls.making import MadeCertificate, make_authority, make_certificate

from ..reports import Report
from .stage import Stage


async def certificate_changed(stage: Stage) -> Report:
    """Connections that are open stay; those that begin behind the reload are shown the new one."""
    authority = make_authority()
    files = stage.folder / "certificate.pem", stage.folder / "key.pem"
    arguments = ("--certificate", str(files[0]), "--key", str(files[1]))

    def renew() -> bytes:
        made = make_certificate(["127.0.0.1"], issuer=authority)
        put(made, *files)
        return made.certificate.public_bytes(Encoding.DER)

    renew()
    async with stage.play(*arguments, tls=authority.client_context()) as (service, traffic):
        report = stage.report("another certificate, HUP", traffic)
        shown = traffic.course.tally.certificates
        for _ in range(stage.rounds):
            wanted, before = renew(), (await service.all_ready())["generation"]
            service.signal(signal.SIGHUP)
            await service.generation(before + 1)
            others = shown.total() - shown[wanted]
            await stage.flow(traffic)
            if others := shown.total() - shown[wanted] - others:
                report.tally.wrong.append(f"{others} connections were shown an old certificate")
            if not shown[wanted]:
                report.tally.wrong.append("nobody was shown the new certificate")
    return report


def put(made: MadeCertificate, certificate: Path, key: Path) -> None:
    """Write both, each in one step."""
    for path, content in zip((certificate, key), made.dump(), strict=True):
        new = path.with_suffix(".new")
        new.write_bytes(content)
        new.rename(path)
