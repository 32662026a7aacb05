"""Certificates, made with the openssl program."""

import os
import pathlib
import subprocess


def openssl(*arguments, **options):
    """Runs openssl and gives what it prints."""
    run = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False, **options)
    if run.returncode:
        raise RuntimeError(f"openssl {arguments}: {run.stderr}")
    return run.stdout


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder, name="authority"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.certificate = self.folder / "ca.crt"
        self.key = self.folder / "ca.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate)

    def pem(self):
        return self.certificate.read_text()

    def issue(self, name, subject, hosts=(), days=1):
        """Issues a certificate for servers and clients; gives the paths of certificate and key."""
        key, request, certificate = (self.folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", subject, "-keyout", key, "-out", request)
        extensions = self.folder / f"{name}.ext"
        names = ",".join(f"IP:{host}" if host[0].isdigit() else f"DNS:{host}" for host in hosts)
        lines = ["basicConstraints=critical,CA:false", "extendedKeyUsage=serverAuth,clientAuth"]
        extensions.write_text("\n".join(lines + ([f"subjectAltName={names}"] if names else [])))
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                "-days", days, "-extfile", extensions, "-out", certificate)
        return certificate, key


class Mounted:
    """A folder whose files change as kubelet changes those of a mounted Secret: by a rename of `..data`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.version = 0

    def write(self, files):
        """Shows these files, by name, in place of those before; all at once."""
        self.version += 1
        version = self.folder / f"..version-{self.version}"
        for name, text in files.items():
            place = version / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        new = self.folder / "..data_tmp"
        new.symlink_to(version.name)
        os.replace(new, self.folder / "..data")
        for top in {pathlib.PurePath(name).parts[0] for name in files}:
            link = self.folder / top
            if not link.is_symlink():
                link.symlink_to(pathlib.Path("..data") / top)
