from collections.abc import Sequence

from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.toolsets import FunctionToolset

from subagents.models.local import LocalModel
from subagents.prompts.role import Role
from subagents.runners.base import RunContext, Runner
from subagents.runners.native import NativeRunner, Retries
from subagents.runners.native_reported import Reported
from subagents.spec import RunSpec
from subagents.testing.runner import Break, Reach, Say, ScriptedRunner, Step, Stumble, Tool, Wait
from subagents.testing.runner_contract import AskingAgainContract, RunnerContract


class TestTheScriptedRunner(RunnerContract, AskingAgainContract):
    def runner_that(self, steps: Sequence[Step]) -> Runner:
        return ScriptedRunner(default=steps)

    def runner_that_stumbles(self) -> Runner:
        return ScriptedRunner(default=[Stumble("it"), Say("it is here")])


class TestTheNativeRunner(RunnerContract, AskingAgainContract):
    def runner_that_stumbles(self) -> Runner:
        return self.runner_that([Break(ModelHTTPError(500, "test")), Say("it is here")])

    def runner_that(self, steps: Sequence[Step]) -> Runner:
        model = LocalModel(_Playing(steps).reply, system="test", model_name="test")
        toolset = Reported(FunctionToolset([look]))
        return NativeRunner(lambda _: model, lambda *_: [toolset], role, Retries(chance=lambda: 0.0))


async def role(spec: RunSpec, context: RunContext) -> Role:
    return Role(("Be brief.",))


async def look(result: str) -> str:
    """Look.

    Args:
        result: What there is to see.
    """
    return result


class _Playing:
    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = iter(steps)
        self._calls = 0

    async def reply(self, messages: list[ModelMessage], parameters: ModelRequestParameters) -> ModelResponse:
        for step in self._steps:
            match step:
                case Tool(result=result):
                    self._calls += 1
                    return ModelResponse([ToolCallPart("look", {"result": result}, f"call-{self._calls}")])
                case Say(text=text):
                    return ModelResponse([TextPart(text)])
                case Break(error=error):
                    raise error
                case Reach(gate=gate):
                    gate.set()
                case Wait(gate=gate):
                    await gate.wait()
        raise AssertionError("the steps have no answer")
