"""Custom workflow steps: the event, its token, and completing them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.errors import SlackError
from app.emulator.steps import TOKEN_SECONDS, Step
from tests.emulator.slack_side import Clock, error_of
from tests.emulator.test_manifest import FIXTURE

Json = dict[str, Any]
INPUTS = {"channel_id": "C0GENERAL", "title": "Weekly"}
OUTPUTS = {"join_url": "https://example.com/j/1", "call_id": "R1"}


@pytest.fixture
def emulator(clock: Clock) -> Iterator[Emulator]:
    with Emulator(now=clock, manifest=FIXTURE) as running:
        yield running


@pytest.fixture
def step(emulator: Emulator) -> Step:
    return emulator.run_step("start_call", INPUTS)


def test_a_step_is_told_with_the_documented_fields(
    emulator: Emulator, heard: list[Json], sample: Callable[[str], Any]
) -> None:
    step = emulator.run_step("start_call", INPUTS)
    event = heard[0]["event"]
    recorded = sample("function_executed.json")["event"]
    assert (set(event), set(event["function"])) == (set(recorded), set(recorded["function"]))
    assert (event["inputs"], event["function_execution_id"]) == (INPUTS, step.id)
    required = {each["name"]: each["is_required"] for each in event["function"]["input_parameters"]}
    assert required == {"channel_id": True, "title": False}


def test_a_step_has_a_token_of_its_own_until_it_is_done(emulator: Emulator, step: Step) -> None:
    client = WebClient(step.token, base_url=emulator.api_url, retry_handlers=[])
    assert (step.token[:5], client.auth_test()["user_id"]) == ("xwfp-", "U0BOT")
    client.functions_completeSuccess(function_execution_id=step.id, outputs=OUTPUTS)
    assert (step.state, step.outputs) == ("succeeded", OUTPUTS)
    assert error_of(client.auth_test) == "token_expired"


def test_the_token_lives_fifteen_minutes(emulator: Emulator, step: Step, clock: Clock) -> None:
    client = WebClient(step.token, base_url=emulator.api_url, retry_handlers=[])
    clock.forward(TOKEN_SECONDS)
    assert error_of(client.auth_test) == "token_expired"


def test_a_step_may_fail(client: WebClient, step: Step) -> None:
    client.functions_completeError(function_execution_id=step.id, error="No provider")
    assert (step.state, step.error) == ("failed", "No provider")
    done = error_of(lambda: client.functions_completeSuccess(function_execution_id=step.id, outputs=OUTPUTS))
    assert done == "execution_not_in_running_state"


def test_the_bot_stays_itself_beside_a_step(emulator: Emulator, step: Step) -> None:
    assert emulator.workspace().bot_grant().token != step.token


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"function_execution_id": "Fx0"}, "function_execution_not_found"),
        ({"function_execution_id": None}, "invalid_arguments"),
        ({"outputs": None}, "invalid_arguments"),
        ({"outputs": "text"}, "invalid_arguments"),
        ({"outputs": ["text"]}, "invalid_arguments"),
        ({"outputs": {"call_id": "R1"}}, "parameter_validation_failed"),
        ({"outputs": {**OUTPUTS, "call_id": 1}}, "parameter_validation_failed"),
        ({"outputs": {**OUTPUTS, "colour": "red"}}, "parameter_validation_failed"),
    ],
)
def test_bad_input_gets_slacks_error(client: WebClient, step: Step, wrong: Json, error: str) -> None:
    args = {"function_execution_id": step.id, "outputs": OUTPUTS, **wrong}
    given = {name: value for name, value in args.items() if value is not None}
    assert error_of(lambda: client.api_call("functions.completeSuccess", json=given)) == error
    assert step.state == "running"


@pytest.mark.parametrize(
    ("callback_id", "inputs", "error"),
    [
        ("stop_call", {}, "function_not_found"),
        ("start_call", {"title": "Weekly"}, "parameter_validation_failed"),
        ("start_call", {"channel_id": 5}, "parameter_validation_failed"),
    ],
)
def test_a_step_is_run_as_the_manifest_declares_it(
    emulator: Emulator, callback_id: str, inputs: Json, error: str
) -> None:
    with pytest.raises(SlackError, match=error):
        emulator.run_step(callback_id, inputs)
