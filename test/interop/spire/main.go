// SPIRE's two command lines in one program: spire server COMMAND and spire agent COMMAND.
package main

import (
	"context"
	"fmt"
	"os"

	agent "github.com/spiffe/spire/cmd/spire-agent/cli"
	server "github.com/spiffe/spire/cmd/spire-server/cli"
)

var commandLines = map[string]func(context.Context, []string) int{
	"server": new(server.CLI).Run,
	"agent":  new(agent.CLI).Run,
}

func main() {
	if len(os.Args) < 2 || commandLines[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: spire server|agent COMMAND")
		os.Exit(2)
	}
	os.Exit(commandLines[os.Args[1]](context.Background(), os.Args[2:]))
}
