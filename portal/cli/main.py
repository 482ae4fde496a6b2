"""`portal`: the commands of an installation. Each subcommand's module offers `add(subparsers)` and `run(args, context)`."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from portal.config import MissingSetting, load_settings

# Modules are imported when their command is asked for, so that `portal --help` and a start stay quick.
COMMANDS = {
    "demo": ("portal.cli.demo", "装好一个虚构的专板并启动网站"),
    "serve": ("portal.cli.serve", "启动网站"),
    "worker": ("portal.cli.worker", "执行排队的工作"),
    "migrate": ("portal.cli.migrate", "把数据库升到这个版本"),
    "reindex": ("portal.cli.reindex", "重建或核对搜索索引"),
    "import": ("portal.cli.import_", "导入企业名录"),
    "export": ("portal.cli.export", "导出已报送的报告"),
    "evidence": ("portal.cli.evidence", "核验存证日志"),
    "user": ("portal.cli.user", "管理账户"),
}
USAGE = 2


def parser(command: str | None = None) -> argparse.ArgumentParser:
    """The argument parser; only `command`'s own arguments are loaded, the others stand with one line."""
    top = argparse.ArgumentParser(prog="portal", description="区域性股权市场专精特新专板门户")
    subparsers = top.add_subparsers(dest="command", required=True, metavar="命令")
    for name, (module, line) in COMMANDS.items():
        if name == command:
            import_module(module).add(subparsers)
        else:
            subparsers.add_parser(name, help=line)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0, 1 (found something wrong) or 2 (could not be done)."""
    words = list(sys.argv[1:] if argv is None else argv)
    command = next((word for word in words if word in COMMANDS), None)
    args = parser(command).parse_args(words)
    try:
        return _run(args)
    except MissingSetting as error:
        print(error, file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("已停止。", file=sys.stderr)
        return 130


def _run(args: argparse.Namespace) -> int:
    module = import_module(COMMANDS[args.command][0])
    if getattr(module, "BARE", False):
        return module.run(args, None)
    from portal.cli.process import process
    from portal.wiring import equip

    with process(load_settings()) as context:
        equip(context)  # a command's changes are heard by the features above them as a page's are
        return module.run(args, context)


if __name__ == "__main__":
    sys.exit(main())
