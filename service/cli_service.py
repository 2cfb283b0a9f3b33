"""The commands of the service, beside those of one product in service/cli.py: as thin, with the same statuses."""

from __future__ import annotations

from typing import Annotated

from service.words import Group, Spoken, argument, option

Data = Annotated[str, option("--data", metavar="DIR", help="The service's folder.")]
Json = Annotated[bool, option("--json", help="One JSON object on stdout, nothing else.")]
KeyFile = Annotated[
    str | None, option("--master-key", metavar="FILE", help="The master key, where it is kept apart from the data.")
]

Certificates = Annotated[
    str | None,
    option(
        "--certificates",
        metavar="DIR",
        variable="UNIKAT_CERTIFICATES",
        help="This machine's, for tls://, as `unikat certificates` makes them.",
    ),
]

keys_app = Group("unikat keys", "Keys of the service: create, list, revoke.")


def register(app: Group) -> None:
    """Put the service's commands beside the others."""
    app.command()(serve)
    app.command()(campaign)
    app.command()(backup)
    app.command()(restore)
    app.command()(worker)
    app.command()(certificates)
    app.command()(migrate)
    app.command()(pull)
    app.add(keys_app)


def serve(
    data: Data,
    host: Annotated[str, option("--host", help="Loopback unless said.")] = "127.0.0.1",
    port: Annotated[int, option("--port", low=0, high=65535, help="0: any that is free.")] = 8000,
    lanes: Annotated[int | None, option("--lanes", low=1, high=256, help="One a core unless said.")] = None,
    allow_local_webhooks: Annotated[
        bool, option("--allow-local-webhooks", help="For tests: http, and addresses of this network, too.")
    ] = False,
    template: Annotated[
        list[str] | None,
        option("--template", metavar="FILE.py", help="A designer's file, beside what is installed; again and again."),
    ] = None,
    database: Annotated[
        str | None,
        option(
            "--database", metavar="URL", help="postgresql://..., for several machines. UNIKAT_DATABASE hides it from others."
        ),
    ] = None,
    artifacts: Annotated[
        str | None, option("--artifacts", metavar="PLACE", help="A folder that machines share, or s3://BUCKET/PREFIX.")
    ] = None,
    engine: Annotated[
        str | None,
        option("--engine", metavar="tcp://HOST:8786", help="A Dask scheduler, whose workers (`unikat worker`) have the lanes."),
    ] = None,
    certificates: Certificates = None,
) -> int:
    """The service: API, dispatcher and lanes."""
    from service.serve import cores, run

    return run(
        data, host, port, lanes or cores(), allow_local_webhooks, template or [], database, artifacts, engine, certificates
    )


def campaign(
    spoken: Spoken,
    file: Annotated[str, argument("FILE", "CSV with names of fields in its first line, or NDJSON.")],
    template: Annotated[str, option("--template", metavar="KEY", help="The template of all rows.")],
    process: Annotated[str | None, option("--process", help="Of the rows that name none. See `unikat processes`.")] = None,
    out: Annotated[str, option("--out", metavar="DIR", help="Folder for the files.")] = "out/campaign",
    formats: Annotated[str, option("--formats", help="3mf,stl,glb,png,step,prusa,dxf,svg,oma")] = "3mf,png",
    jobs: Annotated[int | None, option("--jobs", low=1, high=256, help="Lanes at work; one a core unless said.")] = None,
    as_json: Json = False,
) -> int:
    """Every row of a file made, without a server. Stopped or killed, it goes on where it was when it is started again."""
    from service.campaigns.local import run
    from service.serve import cores

    return run(file, template, process, out, formats, jobs or cores(), as_json, spoken)


def backup(data: Data, to: Annotated[str, option("--to", metavar="FOLDER")], as_json: Json = False) -> int:
    """A copy of a service's folder, while it runs; the next one into the same FOLDER copies what is new."""
    from service.backup import back_up

    return back_up(data, to, as_json)


def restore(
    backup: Annotated[str, argument("FOLDER", "A backup.")],
    data: Data,
    master_key: KeyFile = None,
    erasures: Annotated[
        list[str] | None, option("--erasures", metavar="FILE", help="An erasures.log that was saved, again and again.")
    ] = None,
    as_json: Json = False,
) -> int:
    """A service's folder from a backup; what was erased since is erased again."""
    from service.backup import restore

    return restore(backup, data, master_key, erasures or [], as_json)


def worker(
    scheduler: Annotated[str, argument("tcp://HOST:8786", "A Dask scheduler.")],
    key_file: Annotated[str, option("--key-file", metavar="FILE", help="secrets/fleet.key of the service's folder.")],
    lanes: Annotated[int | None, option("--lanes", low=1, high=256, help="One a core unless said.")] = None,
    lane_mb: Annotated[int, option("--lane-mb", low=500, help="Memory that a lane may take, in MB.")] = 4000,
    certificates: Certificates = None,
) -> int:
    """Lanes of this machine for a service elsewhere, until SIGTERM."""
    from service.fleet.worker import run
    from service.serve import cores

    return run(scheduler, lanes or cores(), key_file, lane_mb, certificates)


def certificates(
    out: Annotated[str, option("--out", metavar="DIR", help="Keep it: the same one makes more, and new ones.")],
    host: Annotated[list[str], option("--host", help="A machine's name or address; again and again.")],
    days: Annotated[int, option("--days", low=1, high=3650, help="How long they are good for.")] = 365,
) -> int:
    """Certificates for tls:// between scheduler, workers and service: a folder for each machine, under one authority."""
    from service.fleet.certificates import make

    for folder in make(out, host, days):
        print(folder)
    return 0


def migrate(
    source: Annotated[str, option("--from", metavar="DIR", help="A service's folder; nobody serves it meanwhile.")],
    to: Annotated[str, option("--to", metavar="URL", variable="UNIKAT_DATABASE", help="An empty Postgres database.")],
    artifacts: Annotated[
        str | None, option("--artifacts", metavar="PLACE", help="Copy its packs, too: a folder, or s3://BUCKET/PREFIX.")
    ] = None,
    as_json: Json = False,
) -> int:
    """A folder's store into a Postgres. Stopped or killed, it goes on where it was; at the end both are compared."""
    from service.moving import move

    return move(source, to, artifacts, as_json)


def pull(
    url: Annotated[str, option("--url", help="The service.")],
    process: Annotated[str, option("--process", help="What this shop prints.")],
    out: Annotated[str, option("--out", metavar="DIR", help="A folder a unit; the same one goes on where it stopped.")],
    machine: Annotated[str | None, option("--machine", help="Only what was made for that machine.")] = None,
    formats: Annotated[str, option("--formats", help="3mf,stl,glb,png,step,prusa,gcode")] = "3mf",
    limit: Annotated[int | None, option("--limit", low=1, help="So many units at most.")] = None,
    key_file: Annotated[str | None, option("--key-file", metavar="FILE", help="Otherwise UNIKAT_KEY holds it.")] = None,
    patience: Annotated[float, option("--patience", low=0.0, help="Seconds without any answer.")] = 300.0,
) -> int:
    """A print shop pulls finished units: 0 all, 1 some could not be had, 2 refused, 3 no answer."""
    from service.pull import pull

    return pull(url, process, out, machine=machine, formats=formats, limit=limit, key_file=key_file, patience=patience)


@keys_app.command("create")
def keys_create(
    data: Data,
    name: Annotated[str, option("--name", help="Whose it is, for the list.")],
    scope: Annotated[list[str], option("--scope", help="owner, orders, preview or pickup; again and again.")],
    tenant: Annotated[str, option("--tenant", help="The shop's name; made if it is new.")] = "owner",
    weight: Annotated[float | None, option("--weight", low=0.01, high=100.0, help="Of that shop, against others.")] = None,
    origin: Annotated[list[str] | None, option("--origin", help="A web page that may use it: https://shop.example")] = None,
    seller: Annotated[list[str] | None, option("--seller", help="Of a pickup key: a shop whose units it may claim.")] = None,
    process: Annotated[list[str] | None, option("--process", help="Of a pickup key: a process that it prints.")] = None,
    as_json: Json = False,
) -> int:
    """A new key, told this once."""
    from service.keys import create

    return create(data, name, scope, tenant, weight, origin or [], seller or [], process or [], as_json)


@keys_app.command("list")
def keys_list(data: Data, as_json: Json = False) -> int:
    """Every key: what it may, whose it is, whether it was revoked. Never the key itself."""
    from service.keys import show

    return show(data, as_json)


@keys_app.command("revoke")
def keys_revoke(data: Data, key: Annotated[str, argument("ID")], as_json: Json = False) -> int:
    """The key opens nothing from now on."""
    from service.keys import revoke

    return revoke(data, key, as_json)
