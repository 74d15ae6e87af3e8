// Verifies access tokens with what others verify them with, and as these call it.
//
// go-verifiers VERIFIER CONFIGURATION...: for each line of standard input, a token, prints {"user", "groups"} or {"error"} as a line.
// go-verifiers collector WORD...: is an OpenTelemetry collector.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
)

type answer struct {
	User   string   `json:"user,omitempty"`
	Groups []string `json:"groups,omitempty"`
	Error  string   `json:"error,omitempty"`
}

type verifier func(token string) (answer, error)

var verifiers = map[string]func(ctx context.Context, words []string) (verifier, error){
	"kubernetes": newKubernetes,
	"vault":      newVault,
}

func answerLines(verify verifier) error {
	out := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		found, err := verify(lines.Text())
		if err != nil {
			found = answer{Error: err.Error()}
		}
		if err := out.Encode(found); err != nil {
			return err
		}
	}
	return nil
}

func run(words []string) error {
	if len(words) == 1 && words[0] == "--version" {
		return printVersions()
	}
	if len(words) > 0 && words[0] == "collector" {
		return runCollector(words[1:])
	}
	if len(words) < 2 || verifiers[words[0]] == nil {
		return fmt.Errorf("usage: go-verifiers kubernetes|vault CONFIGURATION...")
	}
	verify, err := verifiers[words[0]](context.Background(), words[1:])
	if err != nil {
		return err
	}
	return answerLines(verify)
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
