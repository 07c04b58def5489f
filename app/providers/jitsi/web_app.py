"""What the web app tells browsers of its server, in config.js. https://github.com/jitsi/jitsi-meet/blob/master/config.js"""

from __future__ import annotations

import re

_COMMENTS = re.compile(r"<!--.*?-->|\$\{\w+\}|^\s*//.*$", re.MULTILINE)
# muc: 'conference.' + subdomain + 'example.com'  ·  config.hosts.muc = 'muc.meet.jitsi'
_MUC = re.compile(r"""(?<!\w)muc['"]?\s*[:=]\s*([^,;\n]*)""")
_LITERAL = re.compile(r"""'([^']*)'|"([^"]*)"|`([^`]*)`""")


def muc_domain_in(config: str) -> str | None:
    """The domain of meetings outside of any tenant; None where it does not stand there in a way that we know.

    It is JavaScript: only the literals of the last assignment are read, without what stands for the tenant.
    """
    found = _MUC.findall(_COMMENTS.sub("", config))
    literals = _LITERAL.findall(found[-1]) if found else []
    return "".join("".join(one) for one in literals).lower() or None
