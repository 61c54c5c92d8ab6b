"""Mistakes that newcomers make, and the parts of the message that each is to be answered with.

A mistake is an expression, so that the table reads as their code does. The parts are regular
expressions: what happened, where, and what to do.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Entry: TypeAlias = tuple[str, tuple[str, ...]]

PROVIDERS: Final[tuple[Entry, ...]] = (
    ('from_provider("gpt-4o")', ("'gpt-4o' names no provider", 'write "name/model"')),
    ('from_provider("openai")', ("'openai' names no provider", '"openai/gpt-4.1-mini"')),
    ('from_provider("openai:gpt-4o")', ("names no provider", 'write "name/model"')),
    ('from_provider("openai/")', ("names no provider", 'write "name/model"')),
    ("from_provider(None)", ("the model is a text", "openai/gpt-4.1-mini", "NoneType")),
    ('from_provider("opanai/gpt-4o")', ("'opanai'", "did you mean 'openai'")),
    ('from_provider("OpenAI/gpt-4o")', ("'OpenAI'", "did you mean 'openai'")),
    ('from_provider("claude/opus")', ("'claude'", "did you mean 'anthropic'")),
    ('from_provider("gpt/4o")', ("'gpt'", "did you mean 'openai'")),
    ('from_provider("qqqqq/x")', ("no provider is called 'qqqqq'", "installed: anthropic, ")),
    ('from_provider("openai/x", plugin="partwise-opnai")', ("opnai", "mean 'partwise-openai'")),
    ("register(5)", ("not a plugin: 5 has no hook", "hookimpl")),
    ('from_provider("openai/x")', ("no API key for 'openai'", "OPENAI_API_KEY", "api_key=")),
    ('from_provider("anthropic/x")', ("no API key for 'anthropic'", "ANTHROPIC_API_KEY")),
    ('from_provider("google/x")', ("no API key for 'google'", "GOOGLE_API_KEY or GEMINI_API_KEY")),
    ('from_provider("mistral/x")', ("no API key for 'mistral'", "MISTRAL_API_KEY")),
    ('from_provider("groq/x")', ("no API key for 'groq'", "GROQ_API_KEY")),
    ('from_provider("openai/x", api_key="")', ("no API key for 'openai'", "OPENAI_API_KEY")),
    ('from_provider("openai/x", api_key="k\\n")', ("api_key=", "line break", "index 1")),
    ('from_provider("openai/x", api_key=5)', ("api_key= must be a text", "int")),
    ('from_provider("openai/x", api_key=SecretStr("k"))', ("api_key=", "get_secret_value")),
    ('from_provider("openai/x", apikey="k")', ("unknown keyword apikey=", "did you mean api_key=")),
    ('openai(base_url="localhost:8000")', ("base_url=", "did you mean 'http://localhost:8000'")),
    ('openai(base_url="api.example.com/v1")', ("base_url=", "mean 'https://api.example.com/v1'")),
    ('openai(base_url="not a url")', ("base_url= is not an address", "https://api.example.com")),
    ('openai(base_url="http://localhost:99999")', ("base_url=", "Port out of range")),
    ("openai(base_url=5)", ("base_url= must be a text", "int")),
    (
        'openai(base_url="http://localhost/v1/chat/completions")',
        ("base_url= ends in /chat/completions", "leave that out"),
    ),
    (
        'from_provider("anthropic/x", api_key="k", base_url="http://localhost/v1/messages")',
        ("base_url= ends in /messages", "leave that out"),
    ),
    (
        'from_provider("azure-openai/x", api_key="k")',
        ("no address for 'azure-openai'", "AZURE_OPENAI_ENDPOINT", "base_url="),
    ),
    ('openai(mode="toolz")', ("unknown mode 'toolz'; did you mean 'tools'", "choose one of")),
    ('openai(mode="TOOLS")', ("unknown mode 'TOOLS'", "did you mean 'tools'")),
    ("openai(mode=5)", ("unknown mode 5", "choose one of tools")),
    (
        'from_provider("google/gemini-2.5-flash", api_key="k", mode="responses")',
        ("google/gemini-2.5-flash has no mode responses", "it has json_schema"),
    ),
    ("openai(cache=5)", ("cache= must be True, the path of a file", "int")),
    ("openai(async_clients=True)", ("async_clients=", "did you mean async_client=")),
    ("openai(client=object())", ("'openai' was given client=", "and also api_key=", "leave")),
    ('from_openai("sk-123")', (r"from_openai\(\) takes a client", r"from_provider\(\"openai")),
    ("from_openai(None)", (r"from_openai\(\) takes a client", "from_provider")),
    (
        'from_openai(object(), "gpt-4o")',
        (r"from_openai\(\) takes a client", "from_provider"),
    ),
    (
        'fake().with_config(modle="x")',
        ("has no keyword modle=", "it takes api_key"),
    ),
    ('fake().with_config(api_keys="x")', ("api_keys=", "did you mean api_key=")),
)

CALLS: Final[tuple[Entry, ...]] = (
    ("fake().create(User)", ("no messages given", 'messages=\\[{"role": "user"')),
    ("fake().create(messages=M)", ("no response_model given", "response_model=")),
    ('fake().create(User, {"role": "user", "content": "x"})', ("messages is one dict", "list")),
    ('fake().create(User, [("user", "x")])', (r"messages\[0\] is a tuple", "must be a dict")),
    ('fake().create(User, ["x"])', (r"messages\[0\]", "str", "must be a dict")),
    ("fake().create(User, 5)", ("messages must be a list", "got int")),
    ("fake().create(User, None)", ("no messages given", "role")),
    ('fake().create("User", M)', ("response_model must be a type", "'User'")),
    ('fake().create(User(name="a", age=1), M)', ("instance of User", "pass User itself")),
    ("fake().create(None, M)", ("response_model can't be None", "pydantic model")),
    ("fake().create(5, M)", ("5 can't be a response_model",)),
    ("fake().create(lambda x: x, M)", ("is a function", "pydantic model")),
    ('fake().create({"type": "object"}, M)', ("this is a dict", "as a pydantic model")),
    ("fake().create(User, M, max_retry=3)", ("max_retry=", "did you mean max_retries=", "options")),
    ('fake().create(User, M, max_retries="3")', ("max_retries", ">= 0", "got '3'")),
    ("fake().create(User, M, max_retries=-1)", ("max_retries", ">= 0 or a tenacity", "got -1")),
    ("fake().create(User, M, max_retries=True)", ("max_retries must be a number", "got True")),
    ('fake().create(User, M, timeout="30s")', ("timeout must be", "write timeout=30")),
    ("fake().create(User, M, timeout=0)", ("timeout must be a finite number > 0", "got 0")),
    ('fake().create(User, M, timeout=float("inf"))', ("timeout must be a finite", "got inf")),
    ('fake().create(User, M, idle_timeout="1")', ("idle_timeout", "in seconds")),
    ('fake().create(User, M, token_budget="many")', ("token_budget must be", "'many'")),
    ('fake().create(User, M, on_restart="ignore")', ("on_restart must be", '"restart" or "raise"')),
    ('fake().create(User, M, resume="yes")', ("resume must be bool", "write resume=True")),
    ('fake().create(User, M, strict="yes")', ("strict must be bool", "write strict=True")),
    ("fake().create(User, M, limits=5)", ("limits must be Limits", r"partwise.Limits\(")),
    ("fake().create(User, M, hooks={})", ("hooks must be Hooks", r"partwise.Hooks\(\)")),
    ('fake().create(User, M, mode="tolls")', ("unknown mode 'tolls'", "did you mean 'tools'")),
    ("fake().create(User, M, model=5)", ("model=", "got 5", "response_model=")),
    ("fake().create(User, M, model=User)", ("model=", "response_model=")),
    ("fake().create(User, M, stream=True)", (r"use create_partial\(\)", r"Partial\[…\]")),
    ("fake().create_partial(User, M, stream=False)", ("leave stream=False out", r"create\(\)")),
    ("fake().create_partial(User, M, respons_model=User)", ("respons_model=", "response_model=")),
    ("fake().create(User, M, temperatur=0.5)", ("no option temperatur", "it has seed")),
    (
        'fake().on("completion:respons", print)',
        ("'completion:respons'", "mean 'completion:re"),
    ),
    ('fake().on("completion:response", "print")', ("handler of 'completion:response'", "'print'")),
    ('Hooks().on("x", print)', ("unknown hook 'x'", "choose one of completion:kwargs")),
    ('fake().create_iterable(User, M, on_invalid="no")', ("on_invalid", '"raise" or "skip"')),
)

STREAMS: Final[tuple[Entry, ...]] = (
    ('stream().elements("usres")', ("'usres' is not a path in Team", "did you mean 'users'")),
    ('stream().elements("users[0].nam")', (r"users\[0\] has the fields name", "mean 'name'")),
    ('stream().elements("title")', ("no elements at title", "it holds str", "choose")),
    ('stream().text_deltas("users")', ("no text at users", "it holds list", "choose")),
    ('stream().state("users[*].name")', ("names several places", "give an index")),
    ('stream().state("users.name")', ("'users.name' is not a path", r"\[0\] is the first")),
    ('stream().state("users[")', ("invalid path 'users\\['", "index 5", "write it like")),
    ("stream().elements(5)", ("invalid path 5", "write it like")),
    ("stream().elements(lambda t: [x for x in t.users])", ("invalid selector", "lambda team")),
    ('stream().elements("users", on_invalid="no")', ("on_invalid", '"raise" or "skip"')),
    ('begun().elements("users")', ("create views before reading the stream",)),
    ("begun().events()", ("create views before reading the stream",)),
    ('stream().field("titel")', ("'titel' is not a path in Team", "did you mean 'title'")),
    ("left().result()", ("closed before the answer was complete",)),
    ("list(astream())", ("for with an AsyncPartialStream", "write async for")),
    ("next(astream())", ("AsyncPartialStream", "write await anext")),
    ("astream().__enter__()", ("AsyncPartialStream", "write async with")),
    ("afake().__enter__()", ("AsyncClient", "write async with")),
    ('parse(User, \'{"name": "Jo"\').result()', ("cut off after 13 characters", "in name")),
    ("parse(User, '{\"name\": Jo}').result()", ("expected a value at line 1 column 10", r"\^")),
    ('parse(User, \'{"name": "Jo", "age": "x"}\').result()', ("not valid for User", "age: ")),
    ("parse(User, '').result()", ("the answer is empty",)),
    ("parse(User, 'No.').result()", ("invalid JSON value at line 1 column 1",)),
    ("parse(User, 5).result()", (r"parse\(\) takes pieces of text", "int")),
    ("parse(User, None).result()", (r"parse\(\) takes pieces of text", "NoneType")),
    ("parse(User, [b'{', 5]).result()", (r"parse\(\) takes pieces of text", "int")),
    ("parse('{}', User).result()", (r"parse\(\) takes pieces of text",)),
    ("parse(User, '{}', strct=True)", (r"parse\(\) has no keyword strct=", "did you mean strict=")),
    ("parse(User, '{}', limits=5)", ("limits must be Limits", "partwise.Limits")),
)

FILES: Final[tuple[Entry, ...]] = (
    ('from_provider("replay/nothing.sse").create(User, M)', ("no recording at", "nothing.sse")),
    ('from_provider("replay/x", speed="fast")', ("speed",)),
    ('from_provider("replay/x", path="y")', ("'replay' has no option path", "it has speed")),
    ('from_provider("record/openai/x")', ("'record' needs to=", 'write from_provider\\("record/')),
    (
        'from_provider("fake/demo", foo=1).create(User, M)',
        ("no option foo", "it has seed"),
    ),
    ('from_provider("fake/demo", pace="fast").create(User, M)', ("pace must be seconds", "'fast'")),
)

COMMANDS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("replay nothing.sse --schema answers:User", ("nothing.sse",)),
    ("schema answers:Usr", ("answers", "Usr")),
    ("schema nowhere:User", ("nowhere",)),
    ("schema User", ("User",)),
    ("providrs", ("providrs", "providers")),
    ("schema answers:User --mode tolls", ("--mode", "tolls")),
    ("schema answers:User --provider opanai/x", ("opanai", "did you mean 'openai'")),
)

VENDORS: Final[tuple[tuple[str, int, str, tuple[str, ...]], ...]] = (
    ("no model", 404, "The model `gpt-x` does not exist", ("gpt-x", "check the name", "lists")),
    ("no page", 404, "Not Found", ("check the name of the model", "base_url=")),
    ("HTML", 404, "<html><h1>404</h1></html>", ("a page is there", "check base_url=")),
    ("context", 400, "maximum context length is 8192 tokens", ("8192", "shorten the messages")),
    ("quota", 402, "insufficient credits", ("plan and the billing", "waiting does not help")),
    ("key", 401, "Incorrect API key provided", ("check the key", "api_key=")),
    ("TLS", 400, "The plain HTTP request was sent to HTTPS port", ("base_url= with https://",)),
    ("verify", 400, "Your organization must be verified to stream", ("verify the organisation",)),
    ("region", 403, "You don't have access to the model", ("ask for access", "region")),
    ("profile", 400, "on-demand throughput isn't supported", ("inference profile",)),
)
