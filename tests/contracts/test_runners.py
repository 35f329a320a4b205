from collections.abc import Sequence

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.toolsets import FunctionToolset

from subagents.models.local import LocalModel
from subagents.runners.base import RunContext, Runner
from subagents.runners.native import NativeRunner
from subagents.runners.native_tools import reported
from subagents.spec import RunSpec
from subagents.testing.runner import Break, Reach, Say, ScriptedRunner, Step, Tool, Wait
from subagents.testing.runner_contract import RunnerContract


class TestTheScriptedRunner(RunnerContract):
    def runner_that(self, steps: Sequence[Step]) -> Runner:
        return ScriptedRunner(default=steps)


class TestTheNativeRunner(RunnerContract):
    def runner_that(self, steps: Sequence[Step]) -> Runner:
        model = LocalModel(_Playing(steps).reply, system="test", model_name="test")
        toolset = reported(FunctionToolset([look]))
        return NativeRunner(lambda _: model, lambda *_: [toolset], role)


async def role(spec: RunSpec, context: RunContext) -> str:
    return "Be brief."


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
