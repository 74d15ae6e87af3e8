// Gets tokens by client_credentials with the OAuth 2 clients of others, as their users call them.
//
// go-clients CLIENT CONFIG URL: CONFIG as that client's users write it. For each line of standard input it gets URL once and prints
// {"status", "body"} or {"error"} as a line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
)

var clients = map[string]func(config string) (*http.Client, error){
	"x-oauth2":   newXOAuth2,
	"prometheus": newPrometheus,
	"otel":       newOTel,
}

type answer struct {
	Status int    `json:"status,omitempty"`
	Body   string `json:"body,omitempty"`
	Error  string `json:"error,omitempty"`
}

func get(client *http.Client, url string) answer {
	response, err := client.Get(url)
	if err != nil {
		return answer{Error: err.Error()}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Status: response.StatusCode, Body: string(body)}
}

func run(words []string) error {
	if len(words) == 1 && words[0] == "--version" {
		return printVersions()
	}
	if len(words) != 3 || clients[words[0]] == nil {
		return fmt.Errorf("usage: go-clients x-oauth2|prometheus|otel CONFIG URL")
	}
	client, err := clients[words[0]](words[1])
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if err := out.Encode(get(client, words[2])); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
