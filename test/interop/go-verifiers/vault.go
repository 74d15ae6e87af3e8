package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	jwtauth "github.com/hashicorp/vault-plugin-auth-jwt"
	"github.com/hashicorp/vault/sdk/logical"
)

type vault struct {
	backend logical.Backend
	storage logical.Storage
}

func (v vault) write(ctx context.Context, path string, data map[string]any) (*logical.Response, error) {
	request := &logical.Request{Operation: logical.UpdateOperation, Path: path, Storage: v.storage, Data: data}
	if exists, found, _ := v.backend.HandleExistenceCheck(ctx, request); exists && !found {
		request.Operation = logical.CreateOperation
	}
	response, err := v.backend.HandleRequest(ctx, request)
	if err == nil && response != nil && response.IsError() {
		err = response.Error()
	}
	return response, err
}

func (v vault) writeFile(ctx context.Context, path string, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var data map[string]any
	if err := json.Unmarshal(text, &data); err != nil {
		return err
	}
	_, err = v.write(ctx, path, data)
	return err
}

// Vault's own JWT auth method, as `vault write` configures it: the words are the files for auth/jwt/config and auth/jwt/role/ops.
func newVault(ctx context.Context, words []string) (verifier, error) {
	if len(words) != 2 {
		return nil, fmt.Errorf("usage: go-verifiers vault CONFIG ROLE")
	}
	storage := &logical.InmemStorage{}
	backend, err := jwtauth.Factory(ctx, &logical.BackendConfig{
		Logger:      hclog.NewNullLogger(),
		System:      &logical.StaticSystemView{DefaultLeaseTTLVal: time.Hour, MaxLeaseTTLVal: time.Hour},
		StorageView: storage,
	})
	if err != nil {
		return nil, err
	}
	of := vault{backend, storage}
	if err := of.writeFile(ctx, "config", words[0]); err != nil {
		return nil, err
	}
	if err := of.writeFile(ctx, "role/ops", words[1]); err != nil {
		return nil, err
	}
	return func(token string) (answer, error) {
		response, err := of.write(ctx, "login", map[string]any{"role": "ops", "jwt": token})
		if err != nil {
			return answer{}, err
		}
		found := answer{User: response.Auth.Alias.Name}
		for _, group := range response.Auth.GroupAliases {
			found.Groups = append(found.Groups, group.Name)
		}
		return found, nil
	}, nil
}
