"""The engine's sentences to a customer, in French: a table, and the way through it. A test holds it complete.

A {} stands for what an error fills in. Numbers and fields stay as an order spells them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from engine import french_pressure

SENTENCES: Mapping[str, str] = {
    "a flat plate in the scan was left out": "une plaque plane du scan a été écartée",
    "does not show a whole face: nose and both eyes must be seen": (
        "ne montre pas un visage entier : le nez et les deux yeux doivent être visibles"
    ),
    "has a point that is not three numbers": "a un point qui n'est pas fait de trois nombres",
    "has ears where no person has them": "a des oreilles là où personne n'en a",
    "has left and right exchanged, or is mirrored": "a la gauche et la droite échangées, ou est en miroir",
    "has a line that is not a name and three numbers": "a une ligne qui n'est pas un nom et trois nombres",
    "has pupils no person has so far apart": "a des pupilles à une distance que personne n'a",
    "is empty: it names no point": "est vide : aucun point n'y est nommé",
    "is no list of points: it is no text (UTF-8)": "n'est pas une liste de points : ce n'est pas du texte (UTF-8)",
    "is too large for a list of points": "est trop grand pour une liste de points",
    "names a point twice": "nomme un point deux fois",
    "is no face in its unit, but would be in another": "n'est pas un visage dans son unité, mais en serait un dans une autre",
    "is no face's size in its unit": "n'a pas la taille d'un visage dans son unité",
    "lacks a pupil: both are needed": "n'a pas les deux pupilles : il les faut toutes deux",
    "names a point that is not known": "nomme un point inconnu",
    "no ear was given: of the face nothing but widths is told": (
        "aucune oreille n'a été donnée : du visage seules les largeurs sont indiquées"
    ),
    "shows another distance of the pupils than was given: another person, or another unit": (
        "montre un autre écart pupillaire que celui donné : une autre personne, ou une autre unité"
    ),
    "shows no face: nose, both eyes and the forehead must be seen, without glasses": (
        "ne montre pas de visage : le nez, les deux yeux et le front doivent être visibles, sans lunettes"
    ),
    "the given distance of the pupils is unlikely for this face: measure it again": (
        "l'écart pupillaire donné est peu vraisemblable pour ce visage : mesurez-le de nouveau"
    ),
    "the nose is too flat for its width to be measured where it is asked for": (
        "le nez est trop plat pour que sa largeur soit mesurée à l'endroit voulu"
    ),
    "the scan does not show the whole nose: {} % is filled in": "le scan ne montre pas tout le nez : {} % en sont complétés",
    "the scan does not show the {} ear: where its root is was inferred from the face": (
        "le scan ne montre pas une oreille ({}) : la place de sa racine a été déduite du visage"
    ),
    "the distance of the pupils, as seen, is {} mm, give or take {} mm; {} mm was given": (
        "l'écart pupillaire vu est de {} mm, à {} mm près ; {} mm ont été donnés"
    ),
    "does not show which foot it is, so flat is its arch: say left or right": (
        "ne montre pas de quel pied il s'agit, tant sa voûte est plate : dites left ou right"
    ),
    "has a sole with sharp edges: a shoe, or a foot cut above its sole; scan the bare foot, or in a sock": (
        "a une semelle aux bords vifs : une chaussure, ou un pied coupé au-dessus de sa plante ; scannez le pied nu, ou en chaussette"
    ),
    "has no side that it could stand on: it is no foot": "n'a aucun côté sur lequel se tenir : ce n'est pas un pied",
    "has points that are no numbers (NaN or infinite): export the scan again": (
        "a des points qui ne sont pas des nombres (NaN ou infinis) : exportez de nouveau le scan"
    ),
    "has too few triangles to show anything": "a trop peu de triangles pour montrer quoi que ce soit",
    "has triangles that name points it does not have": "a des triangles qui nomment des points absents",
    "holds two feet, or two other things: one foot in a file, please": (
        "contient deux pieds, ou deux autres choses : un pied par fichier, s'il vous plaît"
    ),
    "is a flat plate: no foot stands on it": "est une plaque plane : aucun pied ne s'y tient",
    "is an imprint, whose foam gives way: the foot's length must be typed too": (
        "est une empreinte, et la mousse cède : la longueur du pied doit aussi être saisie"
    ),
    "is cut off behind: the heel is missing": "est coupé à l'arrière : le talon manque",
    "is cut off in front: the toes are missing": "est coupé à l'avant : les orteils manquent",
    "is empty: it has no triangles": "est vide : sans aucun triangle",
    "is no foot": "n'est pas un pied",
    "is no foot's length": "n'a pas la longueur d'un pied",
    "is no foot's size in its unit": "n'a pas la taille d'un pied dans son unité",
    "is not as long as the foot was said to be: another foot, or another unit": (
        "n'a pas la longueur annoncée du pied : un autre pied, ou une autre unité"
    ),
    "is too wide for one foot: two feet, or none": "est trop large pour un seul pied : deux pieds, ou aucun",
    "shows no foot on its sole: was it cut above the heel, or scanned from above alone?": (
        "ne montre aucun pied sur sa plante : a-t-il été coupé au-dessus du talon, ou scanné seulement d'en haut ?"
    ),
    "shows the other foot than it was sent as": "montre l'autre pied que celui annoncé",
    "stray pieces were left out: {}": "des morceaux isolés ont été écartés : {}",
    "the floor that was scanned with the foot was cut away": "le sol scanné avec le pied a été retiré",
    "the foam's top, {} mm above the sole, was cut away": "le dessus de la mousse, {} mm au-dessus de la plante, a été retiré",
    "the scan ends {} mm above the ground, inside the foot's border": "le scan s'arrête {} mm au-dessus du sol, à l'intérieur du contour du pied",
    "the scan hardly shows the sole: its heights are filled in, none was measured": (
        "le scan ne montre guère la plante : ses hauteurs sont complétées, aucune n'est mesurée"
    ),
    "the scan is a cavity: it was read as an imprint in foam": "le scan est en creux : il a été lu comme une empreinte dans la mousse",
    "the scan is in {} pieces": "le scan est en {} morceaux",
    "the scan is {} mm long, {} mm were given": "le scan mesure {} mm de long, {} mm ont été donnés",
    "the scan was wrong side out": "le scan était retourné, l'intérieur dehors",
    "which foot it is was taken as said: its arch is flat": "le côté du pied a été pris comme annoncé : sa voûte est plate",
    "brings its own unit, hundredths of a millimetre: send an OMA file as mm": (
        "porte sa propre unité, le centième de millimètre : envoyez un fichier OMA en mm"
    ),
    "does not hold as many radii as it says: it is cut short, or was changed; ask for the trace again": (
        "ne contient pas autant de rayons qu'il l'annonce : il est tronqué ou modifié ; redemandez le relevé"
    ),
    "has a jump from one radius to the next, which no lens has": "a un saut d'un rayon au suivant, ce qu'aucun verre n'a",
    "has a radius that no lens has: they are in hundredths of a millimetre": (
        "a un rayon qu'aucun verre n'a : ils sont en centièmes de millimètre"
    ),
    "has angles that do not rise through one turn, one for each radius": (
        "a des angles qui ne croissent pas sur un tour, un par rayon"
    ),
    "has radii or heights before it says whose they are": "a des rayons ou des hauteurs avant de dire de quel verre",
    "has too few radii for a lens, or too many": "a trop peu de rayons pour un verre, ou trop",
    "holds a line that is no record (KEY=value)": "contient une ligne qui n'est pas un enregistrement (CLÉ=valeur)",
    "holds a radius, angle or height that is no whole number": (
        "contient un rayon, un angle ou une hauteur qui n'est pas un nombre entier"
    ),
    "holds a value that is no number": "contient une valeur qui n'est pas un nombre",
    "holds no lens trace: no record TRCFMT stands in it": "ne contient aucun relevé de verre : aucun enregistrement TRCFMT",
    "holds the other eye's lens alone": "ne contient que le verre de l'autre œil",
    "holds two different traces of one lens": "contient deux relevés différents d'un même verre",
    "is binary: an OMA file of format 1 is text": "est binaire : un fichier OMA de format 1 est du texte",
    "is no OMA file of format 1: ask who traced the lens for format 1, ASCII radii": (
        "n'est pas un fichier OMA de format 1 : demandez à qui a relevé le verre le format 1, rayons en ASCII"
    ),
    "is rough, has corners or too few radii: no smooth outline follows it; ask for the trace again": (
        "est rugueux, a des angles ou trop peu de rayons : aucun contour lisse ne le suit ; redemandez le relevé"
    ),
    "is too large for a lens trace": "est trop grand pour un relevé de verre",
    "one lens was traced: the other is its mirror image": "un seul verre a été relevé : l'autre est son image en miroir",
    "opens a trace in words that it cannot be read by": "ouvre un relevé dans des termes qui ne permettent pas de le lire",
    "says a circumference (CIRC) that its trace has not: one of the two was changed; ask for the trace again": (
        "annonce une circonférence (CIRC) que son relevé n'a pas : l'un des deux a été modifié ; redemandez le relevé"
    ),
    "says a distance between the lenses (DBL) that no frame has": (
        "annonce une distance entre les verres (DBL) qu'aucune monture n'a"
    ),
    "says a width, height or effective diameter that its trace has not: is the trace turned, or another lens's?": (
        "annonce une largeur, une hauteur ou un diamètre effectif que son relevé n'a pas : le relevé est-il tourné, ou celui d'un autre verre ?"
    ),
    "says one thing twice, and not the same": "dit deux fois la même chose, et pas pareil",
    "the first radius of a trace stood at its end again": "le premier rayon d'un relevé était répété à la fin",
    "the radii of a trace were not at equal angles: those between were interpolated": (
        "les rayons d'un relevé n'étaient pas à angles égaux : ils ont été interpolés"
    ),
    "is for lenses, and this product takes none": "est pour des verres, et ce produit n'en porte pas",
    "a character that changes the direction of writing is not taken": "un caractère qui change le sens d'écriture n'est pas accepté",
    "a control character is not taken": "un caractère de contrôle n'est pas accepté",
    "a frame cannot be this high": "un cadre ne peut avoir cette hauteur",
    "a letter in one fixed form is not taken: send the letter itself": (
        "une lettre sous une seule forme figée n'est pas acceptée : envoyez la lettre elle-même"
    ),
    "a lone surrogate is no character": "un demi-caractère (surrogate) n'est pas un caractère",
    "a mark needs a letter to stand on": "un signe diacritique a besoin d'une lettre qui le porte",
    "a monogram has one to three initials": "un monogramme a une à trois initiales",
    "a path is no input here: upload the file, and name its sha256": "un chemin n'est pas une entrée ici : téléversez le fichier et donnez son sha256",
    "a pickup key names the shops and the processes that it prints for": (
        "une clé de retrait nomme les boutiques et les procédés pour lesquels elle imprime"
    ),
    "a place in mm and an angle in degrees are finite numbers": "une position en mm et un angle en degrés sont des nombres finis",
    "a private-use character has no agreed shape": "un caractère à usage privé n'a pas de forme convenue",
    "a text is expected": "un texte est attendu",
    "a text is one line": "un texte tient en une ligne",
    "an invisible character is not taken": "un caractère invisible n'est pas accepté",
    "an unassigned code point is no character": "un code non attribué n'est pas un caractère",
    "cannot be read: {}": "ne peut être lu : {}",
    "cannot be written: {}": "ne peut être écrit : {}",
    "draws one file": "dessine un seul fichier",
    "holds a word that this shop prints on nothing": "contient un mot que cette boutique n'imprime sur rien",
    "is empty": "est vide",
    "give one template, or --all": "donnez un modèle, ou --all",
    "is not asked for: the stock is made whole": "n'est pas demandé : le stock se fait en entier",
    "is no @cad stage of this template": "n'est pas une étape @cad de ce modèle",
    "is no name or address of a machine": "n'est ni un nom ni une adresse de machine",
    "is no number": "n'est pas un nombre",
    "is no parameter that may be held": "n'est pas un paramètre que l'on peut fixer",
    "is none of its values": "n'est aucune de ses valeurs",
    "is no frame of a monogram": "n'est pas un cadre de monogramme",
    "is the name of a file to write": "est le nom d'un fichier à écrire",
    "font {} has no glyph for this character": "la police {} n'a pas de dessin pour ce caractère",
    "font {} has no place for this mark on that letter": "la police {} n'a pas de place pour ce signe sur cette lettre",
    "font {} has no glyph for these emoji joined": "la police {} n'a pas de dessin pour ces émojis réunis",
    "has another number of columns than the first line": "n'a pas le même nombre de colonnes que la première ligne",
    "has no first line that names its columns": "n'a pas de première ligne qui nomme ses colonnes",
    "has no row": "n'a pas de ligne",
    "has too many rows": "a trop de lignes",
    "holds another campaign: another file, or asked for otherwise": "contient une autre campagne : un autre fichier, ou demandée autrement",
    "there is another template of that key": "il y a un autre modèle de cette clé",
    "has too many columns": "a trop de colonnes",
    "is no CSV: a quote is not closed, or stands in the middle of a cell": (
        "n'est pas du CSV : un guillemet n'est pas fermé, ou se trouve au milieu d'une cellule"
    ),
    "is no name of a column": "n'est pas un nom de colonne",
    "holds a number that is too long: {}": "contient un nombre trop long : {}",
    "holds a service already: restore into an empty folder": "contient déjà un service : restaurez dans un dossier vide",
    "is above its limit": "dépasse sa limite",
    "is below its limit": "est sous sa limite",
    "is missing: a scanner's file says nothing of its unit": "manque : le fichier d'un scanner ne dit rien de son unité",
    "is needed: the master key is in no backup, and nothing opens without it": (
        "est nécessaire : la clé maîtresse n'est dans aucune sauvegarde, et rien ne s'ouvre sans elle"
    ),
    "is needed: the order has input files": "est nécessaire : la commande a des fichiers d'entrée",
    "is needed: the record was made from a designer's file": "est nécessaire : l'enregistrement vient du fichier d'un créateur",
    "is nested too deep": "est imbriqué trop profondément",
    "is no JSON: {} at line {} column {}": "n'est pas du JSON : {} à la ligne {}, colonne {}",
    "is no UTF-8 at byte {}": "n'est pas de l'UTF-8 à l'octet {}",
    "is no backup of a service": "n'est pas la sauvegarde d'un service",
    "its store is a Postgres, or its packs lie elsewhere: use pg_dump, and copy its packs": (
        "ses données sont dans un Postgres, ou ses paquets sont ailleurs : utilisez pg_dump, et copiez ses paquets"
    ),
    "is no service's folder: `unikat serve --data DIR` makes one": (
        "n'est pas le dossier d'un service : `unikat serve --data DIR` en crée un"
    ),
    "is no folder": "n'est pas un dossier",
    "is not that of the file": "n'est pas celle du fichier",
    "is the other side's": "est de l'autre côté",
    "its file is not there": "son fichier n'est pas là",
    "lacks files of the order": "n'a pas tous les fichiers de la commande",
    "is no upload of yours": "n'est pas un de vos fichiers téléversés",
    "is not what the upload said": "n'est pas ce qui a été dit au téléversement",
    "is no side": "n'est pas un côté",
    "is no {} machine, and process {} is {}": "n'est pas une machine {}, et le procédé {} est {}",
    "has too many heights": "a trop de hauteurs",
    "holds a height below its limit": "contient une hauteur sous sa limite",
    "holds a height above its limit": "contient une hauteur au-dessus de sa limite",
    "must hold numbers only": "ne doit contenir que des nombres",
    "needs a pitch": "demande un pas",
    "needs an origin of two numbers": "demande une origine de deux nombres",
    "needs rows of numbers, all as long": "demande des lignes de nombres, de même longueur",
    'must be {"origin": [x, y], "pitch": mm, "z": rows of heights in mm}': 'doit être {"origin": [x, y], "pitch": mm, "z": lignes de hauteurs en mm}',
    "is none of the choices": "n'est aucun des choix",
    "is not a unit that can be taken here": "n'est pas une unité acceptée ici",
    "is not in the catalogue": "n'est pas au catalogue",
    "a part does not lie on this bed": "une pièce ne tient pas sur ce plateau",
    "its parts fill more beds than are sliced": "ses pièces remplissent plus de plateaux qu'il n'en est tranché",
    "is not known": "n'est pas connu",
    "is not known to {}": "n'est pas connu de {}",
    "is not offered": "n'est pas proposé",
    "is off its step": "n'est pas sur son pas",
    "is out of range": "est hors limites",
    "is too large": "est trop grand",
    "is too long": "est trop long",
    "joined letters cannot be spaced": "des lettres liées ne peuvent être espacées",
    "letters cannot be this high": "les lettres ne peuvent avoir cette hauteur",
    "letters of this height leave no clean outline": "des lettres de cette hauteur ne laissent pas de contour net",
    "must be 64 hexadecimal digits": "doit être 64 chiffres hexadécimaux",
    "must be a date": "doit être une date",
    "must be a finite number": "doit être un nombre fini",
    "must be a number": "doit être un nombre",
    'must be a number, or {"value": number, "unit": unit}': 'doit être un nombre, ou {"value": nombre, "unit": unité}',
    "must be a number, with or without a unit": "doit être un nombre, avec ou sans unité",
    "must be a whole number": "doit être un nombre entier",
    "must be a whole number in range": "doit être un nombre entier dans les limites",
    "must be an object": "doit être un objet",
    "must be field=value": "doit être champ=valeur",
    "must be finite, and not negative": "doit être fini, et non négatif",
    "must be one line of printable characters": "doit être une ligne de caractères imprimables",
    "must be a time": "doit être une durée",
    "must be text": "doit être du texte",
    "must be true or false": "doit être true ou false",
    'must be {"sha256": hash, "unit": unit}': 'doit être {"sha256": empreinte, "unit": unité}',
    'must be {"value": number, "unit": unit}': 'doit être {"value": nombre, "unit": unité}',
    "needs a unit": "a besoin d'une unité",
    "no font of the catalogue has a glyph for this character": "aucune police du catalogue n'a de dessin pour ce caractère",
    "no font of the catalogue is known to set this script rightly": (
        "il n'est établi d'aucune police du catalogue qu'elle compose bien cette écriture"
    ),
    "no such font": "cette police n'existe pas",
    "only FDM processes are sliced": "seuls les procédés FDM sont tranchés",
    "stands twice in the order": "figure deux fois dans la commande",
    "the font that sets this script is not installed": "la police qui compose cette écriture n'est pas installée",
    "the letters leave the {}": "les lettres sortent de la face « {} »",
    "the lines of letters meet": "les lignes de lettres se touchent",
    "the order is for another template": "la commande est pour un autre modèle",
    "the path is too tight for the text": "le tracé est trop serré pour le texte",
    "the strokes of letters this high are too thin for the process, and cannot be widened": (
        "les traits de lettres de cette hauteur sont trop fins pour le procédé et ne peuvent être élargis"
    ),
    "the {} is curved too narrowly for letters of this depth": "la face « {} » est trop courbée pour des lettres de cette profondeur",
    "the text does not fit {} x {} mm with letters this high": "le texte ne tient pas dans {} x {} mm avec des lettres de cette hauteur",
    "the text lies beyond what can be made": "le texte se trouve au-delà de ce qui peut être fait",
    "there is no exact B-rep of {}: a stamp cannot be done on its exact faces ({})": (
        "il n'y a pas de B-rep exact de {} : une empreinte ne peut être faite sur ses faces exactes ({})"
    ),
    "there is no exact B-rep of {}: only what is stamped on flat faces has one yet, and {} is curved": (
        "il n'y a pas de B-rep exact de {} : seules les empreintes sur des faces planes en ont un pour l'instant, et {} est courbe"
    ),
    "there is no exact B-rep of {}: something else than stamps changed the triangles of what CAD drew": (
        "il n'y a pas de B-rep exact de {} : autre chose que des empreintes a changé les triangles de ce que la CAO a dessiné"
    ),
    "there is no such file": "ce fichier n'existe pas",
    "there is no such key, or it was revoked before": "cette clé n'existe pas, ou a déjà été révoquée",
    "there is no such shop": "cette boutique n'existe pas",
    "there is no such {}": "il n'y a rien de ce nom ({})",
    "this font has no such weight": "cette police n'a pas cette graisse",
    "this sign stands for a character that was lost on the way": "ce signe remplace un caractère perdu en chemin",
    "too long a text": "un texte trop long",
    "too many marks on one letter": "trop de signes diacritiques sur une lettre",
    **french_pressure.SENTENCES,
}
"""Why a field cannot be taken."""

REASONS: Mapping[str, str] = {
    "a piece of {} would fall out of the cut": "un morceau de {} tomberait de la découpe",
    "stamped on {}, it is no valid solid ({})": "avec l'empreinte sur {}, ce n'est plus un solide valide ({})",
    "stamped on {}, it is no valid solid": "avec l'empreinte sur {}, ce n'est plus un solide valide",
    "the cut opens a cavity of the body at {}": "la découpe ouvre une cavité du corps en {}",
    "the exact body has no face {}": "le corps exact n'a pas de face {}",
    "the exact face {} does not lie behind the one that is cut": "la face exacte {} n'est pas derrière celle qui est découpée",
    "the exact face {} is not flat, or looks another way": "la face exacte {} n'est pas plane, ou regarde ailleurs",
    "the exact face {} lies in another plane": "la face exacte {} se trouve dans un autre plan",
    "the outline leaves the exact face {}": "le contour sort de la face exacte {}",
}
"""Why a stamp cannot be done on exact faces: what stands in parentheses where STEP is refused."""

LIMITS: Mapping[str, str] = {
    "1 file": "1 fichier",
    "YYYY-MM-DD": "AAAA-MM-JJ",
    "a bolder font, or a shorter text": "une police plus grasse, ou un texte plus court",
    "a product as its @cad stage drew it, with stamps on its flat faces": (
        "un produit tel que son étape @cad l'a dessiné, avec des empreintes sur ses faces planes"
    ),
    "another place, or a shorter text": "une autre place, ou un texte plus court",
    "a bed of {} x {} mm": "un plateau de {} x {} mm",
    "at least {}": "au moins {}",
    "at most {} letters": "au plus {} lettres",
    "at most {}": "au plus {}",
    "en or fr": "en ou fr",
    "depth {} mm": "profondeur {} mm",
    "half the radius of the {}": "la moitié du rayon de la face « {} »",
    "height {} mm": "hauteur {} mm",
    "inputs.NAME.sha256, .file, .unit or .side": "inputs.NOM.sha256, .file, .unit ou .side",
    "inputs.NAME, inputs.NAME.unit, .side or .sha256": "inputs.NOM, inputs.NOM.unit, .side ou .sha256",
    "such as {} [mm]": "comme {} [mm]",
    "{} bytes in a line": "{} octets par ligne",
    "such as 60s or 5m": "comme 60s ou 5m",
    "left or right": "left ou right",
    "line spacing at least {}": "interligne d'au moins {}",
    "line spacing {}": "interligne {}",
    "mm, cm, m or in": "mm, cm, m ou in",
    "one of {} keys; see `unikat templates`": "l'une de {} clés ; voir `unikat templates`",
    "one of {}: unikat fonts": "l'une de {} : unikat fonts",
    "one of {}": "l'un de {}",
    "radius at least {} mm": "rayon d'au moins {} mm",
    "radius {} mm": "rayon {} mm",
    "spacing 0": "espacement 0",
    "steps of {} from {}": "pas de {} à partir de {}",
    "strokes of {} mm, {} mm apart": "traits de {} mm, à {} mm",
    "such as 262mm": "comme 262mm",
    "see unikat fonts": "voir unikat fonts",
    "the {} of this product": "la face « {} » de ce produit",
    "true or false": "true ou false",
    "{} bytes": "{} octets",
    "{} characters": "{} caractères",
    "{} files": "{} fichiers",
    "{} letters": "{} lettres",
    "{} marks": "{} signes",
    "{} of sha256 {}": "{} de sha256 {}",
    "{} takes no {}": "{} n'accepte pas de {}",
    "{} is {}": "{} est {}",
    "{}: run {}": "{} : lancez {}",
    "{} to {}": "{} à {}",
}
"""Limits, nearest allowed values, and counts; the first that fits is taken."""

COUNTED = frozenset({"is too long", "is too large", "too long a text", "draws one file"})
"""Sentences whose value is a count of ours, and no word of the customer's."""


def french(sentence: str) -> str | None:
    """The French of one of SENTENCES, and of a reason that it quotes; None where it is none."""
    return SENTENCES.get(sentence) or _through(sentence, _patterns("sentences"))


def french_limit(told: object) -> object:
    """The French of a limit or count; what is none of LIMITS stays as it is."""
    if not isinstance(told, str):
        return told
    return LIMITS.get(told) or _through(told, _patterns("limits")) or told


Patterns = tuple[tuple[re.Pattern[str], str], ...]


@functools.cache
def _patterns(of: str) -> Patterns:
    table = {"sentences": SENTENCES, "limits": LIMITS, "reasons": REASONS}[of]
    return tuple((re.compile("(.+)".join(map(re.escape, e.split("{}"))), re.S), f) for e, f in table.items() if "{}" in e)


def _through(sentence: str, patterns: Patterns) -> str | None:
    for pattern, told in patterns:
        found = pattern.fullmatch(sentence)
        if found:
            filled = found.groups()
            if patterns is _patterns("sentences"):
                filled = tuple(_through(f, _patterns("reasons")) or f for f in filled)
            return "".join(p + f for p, f in zip(told.split("{}"), (*filled, ""), strict=True))
    return None
