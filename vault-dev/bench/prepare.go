package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// cell is one line of the table.
type cell struct {
	Key         string
	Operation   string
	Batch       int // 0: a request without batch_input
	Connections int
}

func (c cell) items() int { return max(c.Batch, 1) }

func (c cell) String() string {
	return fmt.Sprintf("%s %s, %s, %d connections", c.Key, c.Operation, batchText(c.Batch), c.Connections)
}

func batchText(batch int) string {
	if batch == 0 {
		return "single"
	}
	return fmt.Sprintf("batch of %d", batch)
}

// cells are what the options ask for, as far as it makes sense.
func (o Options) cells() []cell {
	var list []cell
	for _, key := range o.Keys {
		algorithm, _ := suite.Lookup(key)
		for _, name := range o.Operations {
			if does := findOperation(name); does.serves(algorithm) {
				list = append(list, o.sizes(key, does)...)
			}
		}
	}
	return list
}

// sizes are the cells of one operation.
func (o Options) sizes(key string, does operation) []cell {
	var list []cell
	for _, batch := range o.Batches {
		if batch > 0 && does.single {
			continue
		}
		for _, connections := range o.Connections {
			list = append(list, cell{Key: key, Operation: does.name, Batch: batch, Connections: connections})
		}
	}
	return list
}

// engines are those that can do the cell; ours and the floor always can.
func (c cell) engines() []engine {
	algorithm, _ := suite.Lookup(c.Key)
	if algorithm.StoredAs == suite.NotCommunity {
		return []engine{ours, floor}
	}
	return []engine{builtin, external, ours, floor}
}

// ready is a request whose answer was checked once, item by item, and how long that took.
type ready struct {
	request
	took time.Duration
}

// prepare makes each engine's key and request, and has every one answered once.
func (l *lab) prepare(ctx context.Context, s *sender, c cell) (map[engine]ready, error) {
	prepared := map[engine]ready{}
	engines := c.engines()
	if l.other != "" {
		engines = append(engines, other)
	}
	for _, e := range engines {
		r, err := prepareOne(ctx, s, e, c)
		if err != nil {
			return nil, err
		}
		prepared[e] = r
	}
	return prepared, nil
}

// prepareOne holds every item of the answer to be a success. The floor gets the request that
// ours gets, and is told to answer what ours answers.
func prepareOne(ctx context.Context, s *sender, e engine, c cell) (ready, error) {
	does, source := findOperation(c.Operation), e
	if e == floor {
		source = ours
	}
	body, err := requestBody(ctx, s, source, c)
	if err != nil {
		return ready{}, err
	}
	began := time.Now()
	data, size, err := s.ask(ctx, source.mount+does.path+c.Key, body)
	if err != nil {
		return ready{}, err
	}
	took := time.Since(began)
	results, err := does.results(c.Batch, data)
	if err != nil {
		return ready{}, fmt.Errorf("%s%s: %v", e.mount, c, err)
	}
	r := request{path: e.mount + does.path + c.Key, body: body, least: size * 9 / 10} // signatures differ in length
	if e != floor {
		return ready{request: r, took: took}, nil
	}
	lesson, err := json.Marshal(object{"answer": results[0]})
	if err != nil {
		return ready{}, fmt.Errorf("encoding a request: %v", err)
	}
	_, _, err = s.ask(ctx, r.path, lesson)
	return ready{request: r}, err
}

// requestBody is the operation's request, with what the engine made of the operation before.
func requestBody(ctx context.Context, s *sender, e engine, c cell) ([]byte, error) {
	does := findOperation(c.Operation)
	if err := createKey(ctx, s, e, c.Key); err != nil {
		return nil, err
	}
	if does.after == "" {
		return does.body(c.Batch, nil)
	}
	before := findOperation(does.after)
	count := min(c.items(), distinct)
	body, err := before.body(count, nil)
	if err != nil {
		return nil, fmt.Errorf("encoding a request: %v", err)
	}
	data, _, err := s.ask(ctx, e.mount+before.path+c.Key, body)
	if err != nil {
		return nil, err
	}
	made, err := before.results(count, data)
	if err != nil {
		return nil, err
	}
	return does.body(c.Batch, made)
}

// createKey leaves a key that is there as it is. A key's name is its type.
func createKey(ctx context.Context, s *sender, e engine, key string) error {
	parameters := object{"type": key}
	if key == "hmac" {
		parameters["key_size"] = 32
	}
	body, err := json.Marshal(parameters)
	if err != nil {
		return fmt.Errorf("encoding a request: %v", err)
	}
	_, _, err = s.ask(ctx, e.mount+"keys/"+key, body)
	return err
}
