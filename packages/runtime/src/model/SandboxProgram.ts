import { Socket } from "node:net"
import { text } from "node:stream/consumers"

/** The pipe of the answer; nothing that a library prints gets into it. */
const answerPipe = 3

/** What a program in the sandbox does (`askSandboxed`): it answers the question on its standard input, and ends. Both are JSON. */
export const answerOnce = <Request>(answer: (request: Request) => Promise<unknown>): void => {
  void text(process.stdin).then(async (question) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by this program's own other half
    const told = JSON.stringify(await answer(JSON.parse(question) as Request))
    new Socket({ fd: answerPipe }).end(told, () => process.exit(0))
  })
}
