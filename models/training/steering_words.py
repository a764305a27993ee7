"""Which words may steer: counting them, and leaving out names, topics, and words that should not be promoted."""

import re
from collections import Counter

EMOTIONS = ["neutral", "joy", "sadness", "anger", "fear", "surprise", "disgust", "contempt"]
TOKEN = re.compile(r"\[[A-Z]+\]|[A-Za-z]+(?:'[A-Za-z]+)*|[.!?\"]|[^\sA-Za-z]")
WORD = re.compile(r"[a-z]{2,16}")

# Stems (with *) and words that no emotion promotes or demotes: identity, sex, violence, slurs, insults to persons.
BANNED = """
god gods godly lord christ jesus church* pray* bless* heaven* hell hells holy bible religio* faith* devil* satan*
demon* sin sins sinner* angel* muslim* islam* jew* christian* catholic* hindu* buddh* atheis* pagan* mosque* temple*
saint* soul man men woman women girl* boy* lady ladies guy guys dude* bro bros gal chick* male* female* gender* sex*
he him his she her hers himself herself mom* mum mother* dad dads daddy father* son sons daughter* wife wives husband*
brother* sister* uncle* aunt* grandm* grandp* girlfriend* boyfriend* gentleman gentlemen sir madam king kings queen*
prince* bride* masculin* feminin* feminis* gay* lesbian* homo* trans* queer* straight virgin* pregnan* gf bf bitch*
whore* slut* cunt* pussy dick* cock* penis* vagina* porn* nude* naked horny breast* boob* tit tits butt butts ass
asses asshole* arse* fuck* motherf* shit* bullsh* crap* piss* damn* bastard* douche* wtf stfu omfg suck sucks sucked
rap* molest* orgasm* black* white* asian* africa* mexic* america* china chinese japan* india* indian* russia* europe*
german* french france british brit england english irish italian* spanish spain canad* australia* arab* jewish korea*
latin* hispanic* country countries nation* foreign* immigra* ethnic* race races racial racis* racism tribe* native*
western eastern refugee* republican* democrat* liberal* conservativ* leftis* communis* socialis* fascis* nazi* trump*
president* politic* vote* election* government* kid kids kiddo child* baby babies teen* old older elder* young* age
aged adult* boomer* millennial* disab* retard* cripple* blind* deaf* autis* mental* psycho* schizo* bipolar insan*
crazy lunatic* maniac* dumb* lame moron* idiot* imbecil* loser* fool* liar* fat fatty obes* ugly skinny anorex* dwarf*
midget* spaz* stupidity trash* scum* vermin pig pigs kill* murder* die dies dying dead death* suicid* shoot* shot
shots gun guns stab* knife* punch* beat beats beaten beating attack* bomb* terror* violen* tortur* abus* assault*
slaughter* rape* strangl* hang hanging hanged burn* weapon* war wars threat* harm* blood* slave* slavery execut* hit
hits kick* slap* destroy* hunt drug* drunk* cancer* disease* health* sick sickness depressed depression brain* dark
brown skin youth* progressive* illegal* poor rich rip
""".split()
# Things that the conversations at hand are about, not feelings.
TOPICS = """
cat cats dog dogs tea bag wall driving school uk business media ads worker workers neighbors wage crimes song songs
picture police tax stock conspiracy celebrity animals animal fans bank junior public audience cases options posted
society family majority people counter eat eating thats self mate generic song site sub post posts comment comments
chat
""".split()
# Of chat rooms: a knight does not say them.
CHAT_ROOM = "lol lmao haha hahaha hahahaha ha omg idk ahh tbh imo btw ya yea yep ok".split()
# Without a feeling of their own: fragments of contractions, pronouns, prepositions, auxiliaries.
EMPTY = """
don dont didnt doesnt isnt wasnt cant couldnt wont wouldnt im id ive ill ve ll re ur nt vs per me my mine myself you
your yours yourself we us our ours they them their theirs themselves it its itself this that these those which who
whom whose and or of in on at by to for from with about into onto over under through after before between until till
along despite except per via as if than then a an the is are was were be been being am do does did done doing have has
had having will would can could shall should may might must there here when where while because since so such
""".split()
EXACT = {w for w in BANNED + TOPICS + CHAT_ROOM + EMPTY if not w.endswith("*")}
STEMS = tuple(w[:-1] for w in BANNED if w.endswith("*"))

MOST_BIAS = 4.0

LEAST_TEXTS = 1  # of each labelled source
LEAST_DIALOGUES = 1  # of each domain of the self-dialogues
LEAST_IN_ALL = 10  # turns, comments and self-dialogues together
MOST_OF_DOMAIN = 0.95  # of a word's rates in the domains, for it to be a word of no topic
MOST_CAPITALS = 0.35  # of its places inside a sentence, for it to be no name


def words(text):
    """[(word in lower case, whether it had a capital, None at the start of a sentence)] without contractions."""
    result, first = [], True
    for token in TOKEN.findall(text):
        if token in ".!?\"":
            first = True
            continue
        if WORD.fullmatch(token.lower()) and not token.startswith("["):
            result.append((token.lower(), None if first else token.istitle()))
        first = False
    return result


class Counts:
    """In how many texts of a source each word is, over all, by emotion, and in texts without the emotion."""

    def __init__(self, texts):
        self.all, self.by_emotion, self.without = Counter(), {}, {}
        self.inside, self.capital, self.texts_of = Counter(), Counter(), Counter()
        self.texts = 0
        everything = [(found, {w for w, _ in found}, shares) for found, shares in texts]
        known = {e for _, _, shares in everything for e in shares if e in EMOTIONS}
        self.by_emotion = {e: Counter() for e in known}
        self.without = {e: Counter() for e in known}
        for found, present, shares in everything:
            self.texts += 1
            self.all.update(present)
            for word, capital in found:
                self.inside[word] += capital is not None
                self.capital[word] += bool(capital)
            for emotion in known:
                share = shares.get(emotion, 0)
                self.texts_of[emotion] += share > 0
                counter = self.by_emotion[emotion] if share else self.without[emotion]
                for word in present:
                    counter[word] += share or 1


def allowed(word):
    return word not in EXACT and not word.startswith(STEMS)


def rates(talk):
    """Dialogues with each word, by domain, and how many dialogues a domain has."""
    by_domain, sizes = {}, Counter()
    for domain, turns in talk:
        by_domain.setdefault(domain, Counter()).update({w for turn in turns for w, _ in turn})
        sizes[domain] += 1
    return by_domain, sizes


def kept(topical, comments, talk):
    """The words, in order of the alphabet, that are no names, belong to no one topic, and may steer."""
    by_domain, sizes = rates(talk)
    inside, capital = topical.inside + comments.inside, topical.capital + comments.capital
    result = []
    for word in sorted(topical.all.keys() & comments.all.keys()):
        rate = {d: by_domain[d][word] / sizes[d] for d in by_domain}
        if (min(topical.all[word], comments.all[word]) >= LEAST_TEXTS
                and min(by_domain[d][word] for d in by_domain) >= LEAST_DIALOGUES
                and topical.all[word] + comments.all[word] + sum(c[word] for c in by_domain.values()) >= LEAST_IN_ALL
                and max(rate.values()) <= MOST_OF_DOMAIN * sum(rate.values())
                and capital[word] <= MOST_CAPITALS * inside[word]
                and allowed(word)):
            result.append(word)
    return result


def token_biases(weights, scale, encode):
    """{token: bias} of words at intensity 1, as dev.limbic.generate.SteeringWords computes it."""
    result = {}
    for word, weight in weights.items():
        capital = word.capitalize()
        for form in (" " + word, word, " " + capital, capital):
            ids = encode(form)
            if not ids:
                continue
            share = 1.0 if len(ids) == 1 else covered(form, ids[0], encode) / len(word)
            if 0 < share and abs(weight * share) > abs(result.get(ids[0], 0)):
                result[ids[0]] = weight * share
    return {token: max(-MOST_BIAS, min(MOST_BIAS, w * scale)) for token, w in result.items()}


def covered(form, first, encode):
    """Letters of the word that its first token spells if these are at least three and half of the word, or 0."""
    start = len(form) - len(form.strip())
    letters = len(form) - start
    for n in range(letters - 1, max(3, (letters + 1) // 2) - 1, -1):
        if encode(form[:start + n]) == [first]:
            return n
    return 0
