"""Take everything that looks like a credential out of a text before anybody can read it."""

import re

_DASH = r"(?:-|%2[dD]|\\u002[dD])"
_PLAIN_WORDS = (
    r"tokens?|auth\w*|credentials?|keys?|schemes?|headers?|realm|errors?|format|"
    r"is|was|has|must|in|not|or|and|for|from|of|with|value|required|missing|invalid|provided|expired"
)
_SECRETS = re.compile(
    rf"""
      (?P<key>      xai{_DASH}|(?<![A-Za-z0-9])sk{_DASH}) (?:[\w-]|%2[dD]|\\u002[dD]){{3,}}
    | (?P<long>     sk-)                                  (?=[\w-]{{0,200}}\d)[\w-]{{20,}}
    | (?P<basic>    \b(?i:basic)(?:\s|%20|\+)+)
                    (?=\S{{0,99}}(?:[0-9=]|[a-z][A-Z]))   [\w+/=-]{{4,}}
    | (?P<bearer>   (?i:bearer)(?:[\s:]|%20|\+)+["']?)
                    (?!(?:{_PLAIN_WORDS})(?![\w+/=~-]))   [\w.~+/=%-]{{4,}}
    | (?P<others>   (?<![A-Za-z0-9])(?:gh[oprsu]_|github_pat_|glpat-|hf_|xox[abeprs]-|AKIA|ASIA|AIza))
                                                          [\w-]{{10,}}
    | (?P<jwt>      (?<![\w-])eyJ)                        [\w-]{{5,}}\.[\w.-]*
    | (?P<named>    (?i:(?:api|access|secret|client)[_-]?(?:key|token|secret)|authorization|password)
                    (?:\\?["']\s*:\s*\\?["']|=["']?))     (?!(?i:bearer|basic)\b)[^\s"'&,;}}\\]+
    | (?P<provided> (?i:key(?:\s|%20)+provided:(?:%20)*)\s*["'`]?)
                    (?!xai{_DASH}|sk{_DASH})              [^\s"'`,;]*[^\s"'`,;.]
    | (?P<user>     ://)                                  [^\s/@:"']*:[^\s/@"']+(?=@)
    """,
    re.VERBOSE,
)


def mask_keys(text: str) -> str:
    """The text with `***` in place of API keys, bearer tokens and passwords.

    Knows `xai-...` and `sk-...` keys, `Bearer` and `Basic` credentials, JSON web tokens, named fields
    such as `"api_key": "..."`, the word after `key provided:`, the user part of a URL, and tokens of AWS, GitHub,
    GitLab, Google, Hugging Face and Slack. Masking a masked text changes nothing.

    >>> mask_keys("Incorrect API key provided: xai-abc123. Try another.")
    'Incorrect API key provided: xai-***. Try another.'
    >>> mask_keys("Invalid bearer token")
    'Invalid bearer token'
    """
    return _SECRETS.sub(lambda found: f"{found[found.lastgroup or 0]}***", text)
