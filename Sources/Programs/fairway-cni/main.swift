// The CNI executable: it forwards what the runtime says to the node agent, and prints the agent's answer.
//
// It is started for every pod, so it links neither Foundation nor any room of ours: a static build of it starts in well
// under a millisecond. All knowledge of networks is in the agent.

let invocation = Invocation.fromProcess()
let answer = forward(invocation)
writeAll(answer.output, to: 1)
exitProcess(answer.exitCode)
