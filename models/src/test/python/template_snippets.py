"""Small templates, one for each rule of the language that chat templates are written in."""

VARIABLES = {
    "s": "Hello World", "u": "añ😂b", "e": "", "n": 7, "neg": -7, "f": 2.5, "t": True, "no": False, "nil": None,
    "l": [3, 1, 2], "words": ["b", "a", "c"], "empty": [],
    "d": {"k": "v", "n": 1, "deep": {"x": [1, {"y": "z"}]}},
    "ms": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}],
}

SNIPPETS = r"""
{{ 1 }}{{ -1 }}{{ +1 }}{{ 1.0 }}{{ 2.5 }}{{ 1e20 }}{{ 1.5e-7 }}{{ 0.0001 }}{{ 123456789.125 }}
{{ true }}{{ True }}{{ false }}{{ none }}{{ None }}{{ nil }}{{ missing }}|
{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7 / 2 }} {{ 6 / 2 }} {{ 7 * 2 }} {{ 2 ** 3 }}
{{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }} {{ 10 - 2 - 3 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }}
{{ 7.5 // 2 }} {{ 7.5 % 2 }} {{ -7.5 % 2 }} {{ 1 + 0.5 }} {{ f * 2 }} {{ 1.0 == 1 }} {{ t + 1 }} {{ 2 * f }}
{{ 1 // 0 }}
{{ 1 % 0 }}
{{ 1 / 0 }}
{{ 1 + 'a' }}
{{ 'a' + 1 }}
{{ 'a' + none }}
{{ 'a' + missing }}
{{ missing + 'a' }}
{{ 'a' ~ 1 ~ none ~ missing ~ true ~ 1.5 }}
{{ 'ab' * 3 }}{{ 2 * 'x' }}{{ [1] * 2 == [1, 1] }}
{{ [1, 2] + [3] == [1, 2, 3] }} {{ ([1] + l) | length }}
{{ 1 < 2 }} {{ 2 <= 2 }} {{ 1 > 2 }} {{ 1 >= 2 }} {{ 1 == 1.0 }} {{ 1 != 2 }} {{ 'a' < 'b' }} {{ '😂' > '\uffff' }} {{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }}
{{ 1 < 'a' }}
{{ none < 1 }}
{{ missing < 1 }}
{{ missing == missing }} {{ missing == none }} {{ missing != 'a' }} {{ none == false }} {{ 0 == false }} {{ '' == false }} {{ true == 1 }} {{ 'a' == ['a'] }}
{{ not true }} {{ not '' }} {{ not missing }} {{ not 0 }} {{ not [] }} {{ not {} }} {{ not 'a' }} {{ not none }}
{{ 'a' and 'b' }} {{ '' and 'b' }}| {{ '' or 'b' }} {{ missing or 'd' }} {{ 0 or none }} {{ 1 and 2 or 3 }} {{ not 1 == 2 }}
{{ 'a' in 'abc' }} {{ 'x' not in 'abc' }} {{ 1 in l }} {{ 9 in l }} {{ 'k' in d }} {{ 'z' not in d }} {{ '' in 'a' }} {{ 'a' in missing }} {{ not 'a' in 'b' }} {{ true in l }}
{{ 1 in 'abc' }}
{{ 1 in 5 }}
{{ 'a' if true else 'b' }}{{ 'a' if false else 'b' }}{{ 'a' if false }}|{{ 'a' if 0 else 'b' if 0 else 'c' }}
{{ 'a' + 'b' if true else 'c' }}{{ ('x' if s is defined else 'y') + 'z' }}
{{ 'q' 'r' "s" }}{{ '\'' }}{{ "\"" }}{{ '\\' }}{{ 'a\tb\nc' }}{{ '\x41\u00e9\U0001F602' }}{{ '\q' }}{{ '\101' }}{{ "é😂" }}{{ '\u00e9' }}
{{ s[0] }}{{ s[-1] }}{{ s[99] }}|{{ u[2] }}{{ u[-1] }}{{ u | length }}{{ s[1:3] }}{{ s[:-6] }}{{ s[::-1] }}{{ u[::-1] }}{{ s[-3:] }}{{ s[99:] }}|{{ s[::2] }}{{ s[5:1:-1] }}
{{ l[0] }}{{ l[-1] }}{{ l[3] }}|{{ l[1:] | length }}{{ l[5:] | length }}{{ l[::-1][0] }}{{ l[-2:][0] }}{{ l.0 }}{{ l['a'] }}|{{ l[:1][0] }}{{ l[none:2] | length }}{{ l['0'] }}|
{{ l[::0] }}
{{ d.k }}{{ d['k'] }}{{ d.zz }}|{{ d['zz'] }}|{{ d.deep.x[1].y }}{{ d.deep['x'][0] }}{{ d[1] }}|{{ d.deep.x[1]['y'] }}
{{ missing.a }}
{{ missing['a'] }}
{{ d.zz.a }}
{{ missing() }}
{{ none.a }}|{{ none['a'] }}|{{ 5 .a }}|{{ s.a }}|{{ s['a'] }}|{{ true.x }}|
{{ none | trim }} {{ 5 | trim }} {{ missing | trim }}| {{ '  a b ' | trim }}| {{ 'xxaxx' | trim('x') }} {{ '\u00a0\u2003\x1fa\x85' | trim }}| {{ '\u200ba\ufeff' | trim }}|
{{ s | upper }}{{ s | lower }}{{ 'hello wORLD' | capitalize }}{{ 'hello wORLD-foo (bar' | title }}{{ "they're ß" | title }}{{ 'ß' | upper }}{{ 'ΑΣ' | lower }}{{ 'ǆ' | capitalize }}
{{ s | length }}{{ l | count }}{{ d | length }}{{ missing | length }}{{ empty | length }}
{{ 5 | length }}
{{ none | length }}
{{ l | first }}{{ l | last }}{{ s | first }}{{ s | last }}{{ empty | first }}|{{ empty | last }}|{{ d | first }}
{{ l | join }}{{ l | join(', ') }}{{ words | join('-') | upper }}{{ ms | join(' ', attribute='role') }}{{ missing | join(',') }}|{{ 'abc' | join('.') }}{{ [none, true, 1.5] | join(' ') }}
{{ 'aXbX' | replace('X', 'y') }}{{ 'aXbX' | replace('X', 'y', 1) }}{{ 'ab' | replace('', '-') }}{{ 'a.b' | replace('.', '\\') }}
{{ missing | default('x') }}{{ '' | default('x') }}|{{ '' | default('x', true) }}{{ none | default('x') }}{{ missing | d('y') }}{{ missing | default }}|{{ none | default('x', boolean=true) }}
{{ d.zz | default('q') }}{{ s | default('x') }}
{{ missing.a | default('x') }}
{{ l | reverse | list | join }}{{ 'abc' | reverse }}{{ 'a😂b' | reverse }}{{ words | sort | join }}{{ l | sort(reverse=true) | join }}
{{ l | max }}
{{ 'a' | list | join('-') }}{{ 'abc' | list | join('-') }}{{ d | list | join('-') }}{{ 1 | string }}{{ none | string }}{{ '12' | int }}{{ 'x' | int }}{{ 2.9 | int }}{{ -2.9 | int }}{{ ' 7 ' | int }}{{ '3.7' | int }}
{{ ms | map(attribute='role') | join(',') }}{{ words | map('upper') | join }}{{ ms | selectattr('role', 'equalto', 'user') | list | length }}{{ ms | rejectattr('role', '==', 'user') | list | length }}
{{ ms | selectattr('role') | list | length }}{{ ms | selectattr('zz') | list | length }}{{ l | select('odd') | list | join }}{{ l | reject('equalto', 1) | list | join }}{{ ms | selectattr('zz', 'defined') | list | length }}{{ [0, 1, ''] | select | list | length }}
{{ -3 | abs }}{{ (-3) | abs }}{{ 2.5 | abs }}
{% for k, v in d | items %}{{ k }};{% endfor %}{% for k, v in d.items() %}{{ k }};{% endfor %}{% for k in d %}{{ k }};{% endfor %}{% for k in d.keys() %}{{ k }};{% endfor %}{{ d.values() | list | length }}{{ missing | items | list | length }}
{% for k, v in d.deep | dictsort %}{{ k }}={{ v | tojson }};{% endfor %}
{{ d.get('k') }}{{ d.get('zz') }}{{ d.get('zz', 'dflt') }}{{ d.get('n') + 1 }}
{{ '  a ' .strip() }}|{{ 'xay'.strip('xy') }}|{{ ' a '.lstrip() }}|{{ ' a '.rstrip() }}|{{ 'aab'.lstrip('a') }}|{{ 'a\n\n'.rstrip('\n') }}|{{ 'x'.strip(none) }}
{{ 'a b  c'.split() | join('|') }} {{ 'a,b,,c'.split(',') | join('|') }} {{ 'a,b,c'.split(',', 1) | join('|') }} {{ ''.split() | length }} {{ ''.split(',') | length }} {{ ' a b '.split(none, 1) | join('|') }} {{ 'a,b,c'.rsplit(',', 1) | join('|') }} {{ ' a  b '.split(' ') | join('|') }} {{ 'a--b'.split('--')[-1] }}
{{ 'a'.split('') }}
{{ 'abc'.startswith('a') }}{{ 'abc'.endswith('bc') }}{{ 'abc'.startswith(('x', 'a')) }}{{ 'abc'.endswith('x') }}{{ 'abc'.startswith('') }}
{{ 'hello wORLD x1y'.title() }}{{ "they're".title() }}{{ 'aB'.upper() }}{{ 'aB'.lower() }}{{ 'hELLO'.capitalize() }}{{ 'ß'.title() }}{{ 'ǆ x'.title() }}
{{ 'a,b'.replace(',', ';') }}{{ 'aaa'.replace('a', 'b', 2) }}{{ '-'.join(words) }}{{ 'abcabc'.find('c') }}{{ 'abc'.find('z') }}{{ '😂c'.find('c') }}{{ 'aXaX'.count('X') }}{{ 'aaa'.count('aa') }}
{{ 'a\nb\r\nc'.splitlines() | join('|') }}{{ 'prefix-x'.removeprefix('prefix-') }}{{ 'x.py'.removesuffix('.py') }}
{{ '-'.join([1]) }}
{{ s.nosuchmethod() }}
{{ l.append(4) }}
{{ d.update({}) }}
{{ s.startswith(1) }}
{{ s.__class__ }}
{{ d | tojson }}{{ l | tojson }}{{ 'a"\\/\b\f\n\r\t\x01\x7f<>&\'é😂\u2028' | tojson }}{{ none | tojson }}{{ true | tojson }}{{ 1.5 | tojson }}{{ 1e20 | tojson }}{{ [] | tojson }}{{ {} | tojson }}
{{ d | tojson(indent=2) }}{{ [] | tojson(indent=2) }}{{ l | tojson(indent=4) }}{{ d | tojson(separators=(',', ':')) }}{{ {'b': 1, 'a': 2} | tojson(sort_keys=true) }}{{ 'é' | tojson(ensure_ascii=true) }}
{{ missing | tojson }}
{{ {1: 2, none: 3, true: 4} | tojson }}
{{ (1, 'a') | tojson }}
{{ l }}{{ d }}{{ (1, 'a') }}{{ (1,) }}{{ () }}{{ [] }}{{ {} }}{{ ["it's", 'say "hi"', "both ' and \"", 'tab\t\\', 'é😂', '\u200b\x00\x7f\u00a0\ue000'] }}
{{ words | string }}{{ [missing] }}{{ [none, true, 1.0] }}{{ [l, [l]] ~ '' }}
{{ {'a': 1, 'b': [1, 2]}.b[1] }}{{ {'a': {'b': {}}}.a.b }}{{ {}.x }}|{{ {'a': 1, 'a': 2}.a }}{{ {1: 'x'}[1] }}{{ {1: 'x'}[true] }}{{ {1: 'x'}[1.0] }}
{{ s is defined }}{{ missing is defined }}{{ missing is undefined }}{{ missing is not defined }}{{ nil is defined }}{{ d.zz is defined }}{{ not s is defined }}
{{ nil is none }}{{ s is none }}{{ s is string }}{{ d is mapping }}{{ l is mapping }}{{ l is sequence }}{{ s is sequence }}{{ d is sequence }}{{ n is sequence }}{{ missing is sequence }}{{ none is sequence }}{{ l is iterable }}{{ n is iterable }}{{ missing is iterable }}{{ s is iterable }}{{ d is iterable }}
{{ n is number }}{{ f is number }}{{ t is number }}{{ s is number }}{{ n is integer }}{{ t is integer }}{{ f is integer }}{{ f is float }}{{ n is float }}{{ t is boolean }}{{ n is boolean }}{{ t is true }}{{ no is false }}{{ 1 is true }}{{ 0 is false }}
{{ n is odd }}{{ n is even }}{{ n is divisibleby 7 }}{{ n is divisibleby(2) }}{{ neg is odd }}{{ 1 is eq 1 }}{{ 1 is equalto 2 }}{{ 1 is ne 2 }}{{ 3 is gt 2 }}{{ 3 is lt 2 }}{{ 3 is ge 3 }}{{ 3 is le 3 }}{{ 1 is in [1, 2] }}{{ 'a' is lower }}{{ 'a' is upper }}
{{ s is odd }}
{{ s is defined and n is defined }}{{ s is defined == true }}{{ 'x' if s is string else 'y' }}{{ s is string or 1 / 0 }}
{{ missing is none }}{{ missing is string }}{{ missing is mapping }}{{ missing is false }}{{ missing is true }}
{% if s %}y{% endif %}{% if missing %}y{% else %}n{% endif %}{% if e %}1{% elif n %}2{% else %}3{% endif %}{% if 0 %}{% endif %}
x {% if true %} y {% endif %} z{%- if true -%}   a   {%- endif -%}   b{#- c -#} d   {{ 1 }}   {{- 2 -}}   {{ 3 }}
{% raw %}{{ x }}{% endraw %}|{% raw -%}  {% y %}  {%- endraw %}|
{% for x in l %}{{ x }}{% endfor %}{% for x in empty %}a{% else %}none{% endfor %}{% for x in missing %}a{% else %}m{% endfor %}{% for c in u %}[{{ c }}]{% endfor %}
{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.depth }}{{ loop.depth0 }};{% endfor %}
{% for x in l if x > 1 %}{{ x }}{{ loop.index }}{{ loop.last }}{% endfor %}{% for x in l if x > 5 %}{% else %}none{% endfor %}
{% for x in l %}{% for y in l %}{{ loop.index }}{{ loop.depth }}{% endfor %}{{ loop.index }}{% endfor %}{{ loop }}|
{% for x in 5 %}{% endfor %}
{% for x in none %}{% endfor %}
{% for a, b in [[1, 2], 'xy', (3, 4)] %}{{ a }}{{ b }}{% endfor %}
{% for a, b in [[1]] %}{% endfor %}
{% for a, b in [[1, 2, 3]] %}{% endfor %}
{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}{% for x in l %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}
{% for x in range(3) %}{{ x }}{% endfor %}{% for x in range(5, 0, -2) %}{{ x }}{% endfor %}{{ range(2, 4) | list }}{{ range(3) | length }}{{ range(9)[2] }}
{% for x in range(1000000) %}{% endfor %}
{% for x in l %}{{ loop.cycle('a', 'b') }}{% endfor %}
{% for x in l %}{{ loop.changed(x) }}{% endfor %}
{% for x in 1, 2 %}{{ x }}{% endfor %}{% for x in (1, 2) %}{{ x }}{% endfor %}
{% set x = 1 %}{% for i in l %}{{ x }}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}
{% set ns = namespace(n=0, found=false) %}{% for i in l %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}{{ ns.found }}{{ ns.zz }}|{{ ns['n'] }}
{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}{{ ns.zz is defined }}
{% set s.x = 1 %}
{% set zz.x = 1 %}
{% set x %}block {{ n }} {% endset %}[{{ x }}]{% set y | upper | trim %} block {% endset %}[{{ y }}]
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set a, b = b, a %}{{ a }}{{ b }}{% set c = 1, 2 %}{{ c[1] }}
{% set a, b = 1 %}
{% if true %}{% set x = 5 %}{% endif %}{{ x }}{% if false %}{% set w = 5 %}{% endif %}{{ w }}|{% set n = n + 1 %}{{ n }}
{% for x in l %}{% set s = x %}{% endfor %}{{ s }}{% for x in l %}{% endfor %}{{ x }}|
{% with a = 1, b = 2 %}{{ a }}{{ b }}{% set s = 'in' %}{{ s }}{% endwith %}{{ a }}|{{ s }}
{% filter upper %}abc {{ s }}{% endfilter %}
{% generation %}a{{ s }}{% set s = 1 %}{% endgeneration %}{{ s }}
{{ raise_exception('bad ' + s) }}
{{ raise_exception() }}
a{% if false %}{{ raise_exception('x') }}{% endif %}b
{{ strftime_now is defined }}{{ raise_exception is defined }}{{ namespace is defined }}{{ range is defined }}
{{ dict(a=1, b=2).b }}{{ dict() | length }}{{ dict({'x': 1}).x }}
{{ {'a': 1} == {'a': 1.0} }}{{ [1, 'a'] == [true, 'a'] }}{{ (1, 2) == [1, 2] }}{{ ms[0] == ms[2] }}{{ ms[0] == ms[0] }}{{ ms[-1].content }}{{ ms[ms | length - 1].content }}
{{ ms[1:][0].role }}{{ ms[:-1] | length }}{{ (ms | last).content }}{{ ms[0]['role'] }}{{ ms[0].get('tool_calls') }}{{ 'tool_calls' in ms[0] }}{{ ms[0].tool_calls is defined }}
{{ 'a' | indent }}|{{ 'a\nb\n\nc' | indent(2) }}|{{ 'a\nb' | indent(2, true) }}|{{ 'a\n\nb\n' | indent(2, blank=true) }}|{{ 'a\nb' | indent('> ') }}
{{ s | upper | replace('L', 'x') | length + 1 }}{{ 'a' ~ 'b' | upper }}{{ 'a' + 'b' | upper }}{{ -1 | string + 'x' }}{{ 1 + 2 | string | length }}
{{ [1, 2, 3,] | length }}{{ (1, 2,)[1] }}{{ {'a': 1,}.a }}{{ s.split(' ',)[0] }}
{{ 1, 2 }}
{{ s.replace('o', '0').upper() | lower }}{{ (s ~ '!').upper() }}{{ s.split(' ')[1][0].lower() }}{{ 'abc'[1] }}{{ [1, 2][0] }}
{{ {}.items() | list }}{{ words | unique | join }}{{ ['a', 'b'] | map('upper') | list }}{{ 'x' is string and 'x' is not mapping }}
{{ caller }}|{{ self }}
{{ (none or 'x') if not nil else 'y' }}{{ s if s is string and s | length > 3 else 'short' }}
{{ s | nosuchfilter }}
{{ s is nosuchtest }}
{% nosuchtag %}
{{ s
{% if s %}
{{ s }
{% endif %}
{{ ( }}
{{ s[ }}
{{ }}
{{ 1 2 }}
{{ s | }}
{{ 'abc }}
{# never closed
{% raw %}never closed
{{ s is defined is true }}
{% for x in %}{% endfor %}
{% set 1 = 2 %}
{% set x %}{{ y
{{ nosuchfunction(1) }}
{{ s() }}
{{ 'a' % 1 }}
{{ '%s b' % 'a' }}
{{ '%s|%d|%5d|%-5d|%05d|%+d|% d|%x|%X|%#x|%o|%%|%c|%c' % ('a', 7, 7, 7, -7, 7, 7, 255, 255, 255, 8, 65, '😂') }}
{{ '%f|%.2f|%10.3f|%-10.1f|%010.2f|%+.1f|%e|%.2E|%g|%g|%g|%G|%.3g|%g' % (1.5, 2.675, -3.14159, 2.25, -1.5, 0.25, 12345.678, 0.000123, 100000, 1000000, 0.0001, 0.00001, 1234.5, 0) }}
{{ '%.0f|%.0f|%f|%g' % (0.5, 1.5, 1e20, 1e20) }}
{{ '%s|%s|%s|%s|%s' % (none, true, 1.5, [1, 'a'], {'k': 'v'}) }}{{ '%r|%r' % ('a\n', none) }}{{ '%5s|%-5s|%.2s|%5.1s|' % ('ab', 'ab', 'añb', '😂b') }}
{{ '%d|%i|%u|%d' % (1.9, -1.9, true, 3) }}{{ '%.4d|%8.4d' % (7, -7) }}
{{ '%s' % missing }}|{{ '%s' % [1, 2] }}|{{ 'x' % [1] }}|{{ '%s' % (1,) }}|{{ 'x' % () }}|{{ 'x' % {} }}
{{ '%s %s' % 'a' }}
{{ '%s' % ('a', 'b') }}
{{ 'x' % 'a' }}
{{ '%d' % 'a' }}
{{ '%d' % none }}
{{ '%x' % 1.5 }}
{{ '%' % 1 }}
{{ '%y' % 1 }}
{{ '%s, %s!' | format('Hello', s) }}{{ '%d%%' | format(50) }}{{ 'x' | format }}{{ 5 | format }}{{ '%.1f' | format(f) }}{{ '%s' | format(none) }}
{{ '%s' | format }}
{{ 'x' | format(1) }}
{{ '<b> & "q"' | safe }}{{ (s | safe) ~ '<' }}{{ '<a>' | safe | upper }}{{ ' <a> ' | safe | trim }}|{{ missing | safe }}|{{ 5 | safe }}{{ ('<' | safe) if true else 'b' }}{{ ['<' | safe, '>'] | join('&') }}
{% set x = '<i>' | safe %}{{ x }}{{ x ~ x }}{% if x %}y{% endif %}{% if '' | safe %}n{% endif %}{{ x | default('z') }}{{ x | string }}{{ x is string }}{{ x is defined }}{{ x is none }}
{{ 12345678901 * 10 }}{{ 0 * -1 }}
{{ 1_000 }}
{{ 9223372036854775807 + 1 }}
{{ s.title }}
{{ d.items }}
{{ d['items'] }}
{{ '}}' }}{{ "%}" }}{{ '{{' }}{{ {'a': '}}'}['a'] }}
{{ s|upper }}{{s}}{{s|length>3}}{{ s==s }}{{- s -}}{{ 'a'if s else'b' }}
{% if s == 'Hello World' and (n > 5 or false) and not (no) %}ok{% endif %}
{%if s%}a{%else%}b{%endif%}{%- for x in l-%}{{x}}{%-endfor-%}
{{ loop.index }}
{% macro m(a, b='x') %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(b=3, a=4) }}{{ m() }}
{% macro f(x) %}{% if x > 0 %}{{ x }}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(3) }}{% set r = f(2) %}{{ r | length }}
{% macro g(x) %}{{ x }}{{ n }}{% endmacro %}{% set n = 5 %}{{ g(1) }}{% for n in l %}{{ g(n) }}{% endfor %}
{% macro g(x) %}{{ x }}{% endmacro %}{{ g(1, 2) }}
""".strip("\n")


# With line breaks, which tags eat.
BLOCKS = [
    "{{ 'a\nb' }}",
    "{% if true %}\na\n{% endif %}\nb\n  {% if true %}\n  c\n  {% endif %}  \nd\n",
    "   {%+ if true %}a{% endif +%}\nb",
    "  {#- comment -#}  c  {# another #}\nd\n  {# c #} e\n",
    "{{ 1 }}\n{{ 2 }}\n\n",
    "  {% raw %}\n r\n  {% endraw %}\nz",
    "{% for x in l %}\n    {{ x }}\n{% endfor %}\n",
    "a\r\nb\r{{ 1 }}\r\n{% if true %}\r\nc{% endif %}\r\n",
    "\n{% if true %}\n\n{{ 'x\r\ny' }}\n{% endif %}",
    "\t {% set x = 1 %}\t\n{{ x }}\f\n\u00a0{% if x %}\u2003{% endif %}\n",
    "{{ 'a\\\nb' }}",
    "{%- for x in l %}\n  {%- if x > 1 %}\n    {{- x }}\n  {%- endif %}\n{%- endfor %}\n",
]


def snippets():
    return [line for line in SNIPPETS.split("\n") if line] + BLOCKS
