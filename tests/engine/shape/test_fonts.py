"""The catalogue is true: files by hash, scripts that the fonts have, and what is missing says how to get it."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import io
import pathlib
import subprocess
import sys

import pytest

from engine.errors import EnvironmentFault, OrderError
from engine.shape import characters, fonts

ALPHABETS = {
    "Latn": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzÀÇÉÑÖØßŁŽąęğışőřţẞỄ",
    "Grek": "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρσςτυφχψωΆΈΉΊΌΎΏάέήίόύώΐΰϊϋ",
    "Cyrl": "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюяІіЇїЄєҐґЎўЈјЉљЊњЋћЂђЏџ",
    "Armn": "ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև",
    "Geor": "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰ",
    "Arab": "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژکگیٹڈڑںھہۃے\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652٠١٢٣٤٥٦٧٨٩۴۵۶",
    "Hebr": "אבגדהוזחטיךכלםמןנסעףפץצקרשת\u05b0\u05b4\u05b5\u05b6\u05b7\u05b8\u05b9\u05bb\u05bc\u05c1\u05c2",
    "Deva": "अआइईउऊऋएऐओऔकखगघङचछजझञटठडढणतथदधनपफबभमयरलळवशषसह\u093c\u093e\u093f\u0940\u0941\u0942\u0943\u0947\u0948\u094b\u094c\u094d\u0902\u0903\u0901",
    "Beng": "অআইঈউঊঋএঐওঔকখগঘঙচছজঝঞটঠডঢণতথদধনপফবভমযরলশষসহড়ঢ়য়\u09be\u09bf\u09c0\u09c1\u09cd",
    "Guru": "ਅਆਇਈਉਊਏਐਓਔਕਖਗਘਙਚਛਜਝਞਟਠਡਢਣਤਥਦਧਨਪਫਬਭਮਯਰਲਵੜਸਹ\u0a3e\u0a3f\u0a40\u0a70\u0a71",
    "Gujr": "અઆઇઈઉઊઋએઐઓઔકખગઘચછજઝઞટઠડઢણતથદધનપફબભમયરલવશષસહળ\u0abe\u0abf\u0ac0\u0acd",
    "Orya": "ଅଆଇଈଉଊଏଐଓଔକଖଗଘଚଛଜଝଟଠଡଢଣତଥଦଧନପଫବଭମଯରଲଶଷସହ\u0b3e\u0b3f\u0b4d",
    "Taml": "அஆஇஈஉஊஎஏஐஒஓஔகஙசஞடணதநபமயரலவழளறனஜஷஸஹ\u0bbe\u0bbf\u0bcd",
    "Telu": "అఆఇఈఉఊఎఏఐఒఓఔకఖగఘచఛజఝటఠడఢణతథదధనపఫబభమయరలవశషసహళ\u0c3e\u0c3f\u0c4d",
    "Knda": "ಅಆಇಈಉಊಎಏಐಒಓಔಕಖಗಘಚಛಜಝಟಠಡಢಣತಥದಧನಪಫಬಭಮಯರಲವಶಷಸಹಳ\u0cbe\u0cbf\u0ccd",
    "Mlym": "അആഇഈഉഊഎഏഐഒഓഔകഖഗഘചഛജഝടഠഡഢണതഥദധനപഫബഭമയരലവശഷസഹളൻർൽൾ\u0d3e\u0d4d",
    "Sinh": "අආඇඈඉඊඋඌඑඒඓඔඕකඛගඝචඡජටඩණතථදධනපඵබභමයරලවශෂසහළ\u0dcf\u0dd2\u0dca",
    "Thai": "กขคฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮะาำเแโใไๆ\u0e31\u0e34\u0e35\u0e48\u0e49\u0e4c",
    "Laoo": "ກຂຄງຈສຊຍດຕຖທນບປຜຝພຟມຢຣລວຫອຮະາເແໂໃໄ\u0eb1\u0eb4\u0ec8",
    "Khmr": "កខគឃងចឆជឈញដឋឌឍណតថទធនបផពភមយរលវសហឡអ\u17b6\u17b7\u17d2",
    "Mymr": "ကခဂဃငစဆဇဈညဋဌဍဎဏတထဒဓနပဖဗဘမယရလဝသဟဠအ\u102c\u102d\u1039\u103a\u103b",
    "Ethi": "ሀሁሂሃሄህሆለመሠረሰሸቀበተኀነኘአከኸወዐዘዠየደጀገጠጨጰጸፀፈፐ",
    "Hani": "一乙王李張张劉刘陳陈楊杨黃黄趙赵吳吴周徐孫孙馬马朱胡郭何高林羅罗鄭郑梁愛爱美花子太郎田中山本村葛邊辺",
    "Hira": "あいうえおかがさざただなはばぱまやらわをんっゃゅょ",
    "Kana": "アイウエオカガサザタダナハバパマヤラワヲンッャュョヴ",
    "Hang": "가각김이박최정강조윤장임한오서신권황안송류홍민준지우은영수진현ㄱㄴㅏ",
    "Bopo": "ㄅㄆㄇㄈㄉㄊㄋㄌㄍㄎㄏㄐㄑㄒㄓㄔㄕㄖㄗㄘㄙㄚㄛㄜㄝ",
    "Syrc": "ܐܒܓܕܗܘܙܚܛܝܟܠܡܢܣܥܦܨܩܪܫܬ",
    "Thaa": "ހށނރބޅކއވމފދތލގޏސޑޒޓޔޕޖޗ\u07a6\u07a8\u07b0",
    "Tibt": "ཀཁགངཅཆཇཉཏཐདནཔཕབམཙཚཛཝཞཟའཡརལཤསཧཨ\u0f72\u0f74\u0f90",
    "Cher": "ᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᏣᎳᎩ",
    "Tfng": "ⴰⴱⴳⴷⴹⴻⴼⴽⵀⵃⵄⵅⵇⵉⵊⵍⵎⵏⵓⵔⵕⵖⵙⵚⵛⵜⵟⵡⵢⵣⵥ",
    "Nkoo": "ߊߋߌߍߎߏߐߓߔߕߖߗߘߙߛߜߝߞߟߠߡߢߣߤߥߦ",
    "Cans": "ᐁᐃᐅᐊᐯᐱᐳᐸᑌᑎᑐᑕᑫᑭᑯᑲᒉᒋᒍᒐᓀᓂᓄᓇ",
    "Zsym": "→☺♀♪☯☮",
    "Zsye": "🙂😀👍🎉🐱🌹⚽🚗☀✈",
}


def test_the_default_is_in_the_catalogue_and_ready() -> None:
    assert fonts.default() in set(fonts.keys())
    assert {row.status for row in fonts.available()} == {"ready"}


@pytest.mark.parametrize("key", fonts.keys())
def test_every_font_is_the_file_it_says_and_has_the_scripts_it_claims(key: str) -> None:
    row = fonts.info(key)
    file = fonts.path(row)
    assert file is not None and hashlib.sha256(file.read_bytes()).hexdigest() == row.sha256 == fonts.sha256(key)
    assert not row.module or importlib.metadata.version(row.package) == row.version
    font = fonts.load(key)
    for script in row.scripts:
        assert [letter for letter in ALPHABETS[script] if not font.covers(letter)] == []
    assert font.covers("日") == ("Hani" in row.scripts) and len(ALPHABETS) == len(characters.SCRIPTS)
    assert 0.5 < font.cap_height / fonts.EM < 0.95


def test_keys_and_hashes_are_unique() -> None:
    rows = fonts.available()
    assert len({row.sha256 for row in rows}) == len({row.name for row in rows}) == len(rows)
    assert {script for row in rows for script in row.scripts} == set(characters.SCRIPTS)


@pytest.mark.parametrize(("key", "nearest"), [("robto-bold", "roboto-bold"), ("Roboto-Bold", "roboto-bold"), (None, None)])
def test_an_unknown_font_names_the_closest(key: str, nearest: str | None) -> None:
    with pytest.raises(OrderError) as told:
        fonts.info(key)
    assert told.value.field == "font" and (nearest is None or told.value.nearest == nearest)
    assert told.value.nearest in set(fonts.keys())


def _with_row(monkeypatch: pytest.MonkeyPatch, **changed: str) -> None:
    rows = {"roboto-bold": dataclasses.replace(fonts.info("roboto-bold"), **changed)}
    fonts.load.cache_clear()
    monkeypatch.setattr(fonts, "_catalogue", lambda: ("roboto-bold", rows))


def test_a_font_whose_package_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_row(monkeypatch, module="no_such_font_package")
    with pytest.raises(EnvironmentFault, match=r"not installed: uv pip install font-roboto==0\.0\.1$"):
        fonts.load("roboto-bold")
    assert fonts.available()[0].status == "not installed: uv pip install font-roboto==0.0.1"
    assert not fonts.available()[0].ready


def test_a_font_with_another_hash_is_never_used(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    package = tmp_path / "altered_font"
    (package / "files").mkdir(parents=True)
    (package / "__init__.py").touch()
    file = fonts.path(fonts.info("roboto-bold"))
    assert file is not None
    (package / "files" / file.name).write_bytes(file.read_bytes() + b"\0")
    monkeypatch.syspath_prepend(tmp_path)
    _with_row(monkeypatch, module="altered_font")
    with pytest.raises(EnvironmentFault, match="is another file"):
        fonts.load("roboto-bold")
    assert "is another file" in fonts.available()[0].status


def _as_debian_s(monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path, data: bytes) -> None:
    """roboto-bold as a Debian font in a folder of the shop's, with `data` for its file and the hash of that."""
    (folder / "x.ttf").write_bytes(data)
    monkeypatch.setenv(fonts.VARIABLE, str(folder))
    _with_row(monkeypatch, module="", file="truetype/noto/x.ttf", package="fonts-x", sha256=hashlib.sha256(data).hexdigest())


def _roboto() -> bytes:
    file = fonts.path(fonts.info("roboto-bold"))
    assert file is not None
    return file.read_bytes()


def test_debian_s_fonts_are_looked_for_where_the_shop_says(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    _as_debian_s(monkeypatch, tmp_path, _roboto())
    assert fonts.load("roboto-bold").covers("Z") and fonts.folder() == tmp_path
    (tmp_path / "x.ttf").rename(tmp_path / "y.ttf")
    fonts.load.cache_clear()
    with pytest.raises(EnvironmentFault, match=r"apt-get install fonts-x$"):
        fonts.load("roboto-bold")
    (tmp_path / "truetype/noto").mkdir(parents=True)
    (tmp_path / "y.ttf").rename(tmp_path / "truetype/noto/x.ttf")
    assert fonts.load("roboto-bold").covers("Z")
    monkeypatch.delenv(fonts.VARIABLE)
    assert str(fonts.folder()) == "/usr/share/fonts"


@pytest.mark.parametrize("broken", [b"", b"no font at all", "half", "noise"])
def test_a_broken_font_is_said_to_be_broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, broken: bytes | str
) -> None:
    whole = _roboto()
    data = broken if isinstance(broken, bytes) else whole[:3000] if broken == "half" else b"\xff" * 4 + whole[4:]
    _as_debian_s(monkeypatch, tmp_path, data)
    with pytest.raises(EnvironmentFault, match="no font, or broken: apt-get install fonts-x"):
        fonts.load("roboto-bold")


def test_a_font_of_pictures_alone_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """Roboto with its outlines taken out, as a bitmap or colour font has none."""
    from fontTools.ttLib import TTFont

    font = TTFont(io.BytesIO(_roboto()))
    for table in ("glyf", "loca"):
        del font[table]
    made = io.BytesIO()
    font.save(made)
    _as_debian_s(monkeypatch, tmp_path, made.getvalue())
    with pytest.raises(EnvironmentFault, match="no outlines, pictures alone"):
        fonts.load("roboto-bold")


def test_a_script_whose_font_is_not_installed_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    assert characters.accepted("བསྟན", font="roboto-bold") == "བསྟན"
    monkeypatch.setenv(fonts.VARIABLE, str(tmp_path))
    for kept in (characters.items, characters._face):
        kept.cache_clear()
    with pytest.raises(OrderError, match="font that sets this script is not installed") as told:
        characters.accepted("བསྟན", font="roboto-bold", field="name")
    assert told.value.limit == "noto-tibetan-bold: run apt-get install fonts-noto-core"
    assert str(told.value.value).startswith("U+0F56") and told.value.field == "name"


def test_faces_are_fonts_at_a_weight() -> None:
    assert fonts.face("Arab", 700) == "noto-arabic:700" and fonts.face("Arab", 100) == "noto-arabic:400"
    assert fonts.face("Hani", 900) == "noto-cjk-bold" and fonts.face("Xsux", 400) is None
    assert fonts.info("noto-arabic:700") is fonts.info("noto-arabic")
    assert fonts.load("noto-arabic:700").weight == 700 and fonts.load("noto-arabic").weight == 400
    for wrong in ("noto-arabic:100", "noto-arabic:x", "noto-arabic:", "roboto-bold:400", "nothing:700"):
        with pytest.raises(OrderError, match="no such font"):
            fonts.info(wrong)


def test_heavier_is_heavier() -> None:
    """The weight is set, not only named: more ink in the same letter."""
    from engine.shape import text
    from kernels import outlines

    made = [text.outline("م", font=f"roboto-{weight}", height=10.0) for weight in ("regular", "medium", "bold")]
    areas = [outlines.area(one.points, one.ends) for one in made]
    assert areas[0] < 0.95 * areas[1] and areas[1] < 0.95 * areas[2]


def test_a_face_of_a_collection_is_the_one_it_says() -> None:
    """Debian's and PyPI's collections hold Japanese first; the bold font of another package has the same letters in an OTF."""
    name = fonts.load("noto-cjk-regular").shaper.face.get_name(4, "en")
    assert (name, fonts.load("noto-cjk-bold").shaper.face.get_name(4, "en")) == ("Noto Sans CJK JP", "Noto Sans CJK JP Bold")


def test_reading_the_catalogue_and_checking_a_text_loads_no_kernel() -> None:
    """The web process checks orders with these: no numba, no manifold3d, and the font's package is not run."""
    code = (
        "import sys; from engine.shape import characters, fonts; fonts.available();"
        "characters.accepted('Zoë', font=fonts.default()); characters.graphemes('Zoë');"
        "sys.exit(any(name in sys.modules for name in ('numba', 'manifold3d', 'font_roboto', 'kernels')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
