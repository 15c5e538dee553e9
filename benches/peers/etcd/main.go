// Claims and releases on etcd through its own client: each client has a connection and a lease, claims a key if it is absent,
// bound to the lease, and deletes it. Prints what they took as codi_load does.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"sort"
	"sync"
	"time"

	"go.etcd.io/etcd/clientv3"
)

type sample struct {
	step string
	took time.Duration
}

type summary struct {
	Count     int     `json:"count"`
	PerSecond float64 `json:"per_second"`
	P50       int64   `json:"p50_us"`
	P95       int64   `json:"p95_us"`
	P99       int64   `json:"p99_us"`
	Max       int64   `json:"max_us"`
}

func summarize(samples []sample, step string, seconds float64) summary {
	var us []int64
	for _, s := range samples {
		if step == "" || s.step == step {
			us = append(us, s.took.Round(time.Microsecond).Microseconds())
		}
	}
	if len(us) == 0 {
		return summary{}
	}
	sort.Slice(us, func(i, j int) bool { return us[i] < us[j] })
	at := func(part float64) int64 { return us[int(math.Max(1, math.Ceil(part*float64(len(us)))))-1] }
	return summary{len(us), float64(len(us)) / seconds, at(0.50), at(0.95), at(0.99), at(1)}
}

func connect(endpoint string) (*clientv3.Client, clientv3.LeaseID) {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: 10 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	lease, err := client.Grant(context.Background(), 3600)
	if err != nil {
		log.Fatal(err)
	}
	return client, lease.ID
}

// One client's claims and releases until the end; gives those that began after `from`, and how many there were.
func work(number int, client *clientv3.Client, lease clientv3.LeaseID, from, to time.Time) ([]sample, int) {
	ctx := context.Background()
	session := fmt.Sprintf("session-%d", number)
	var out []sample
	requests := 0
	record := func(step string, start time.Time) {
		requests++
		end := time.Now()
		if !start.Before(from) && !end.After(to) {
			out = append(out, sample{step, end.Sub(start)})
		}
	}
	for n := 0; time.Now().Before(to); n++ {
		key := fmt.Sprintf("claims/bench/%d/%d", number, n)
		start := time.Now()
		claimed, err := client.Txn(ctx).
			If(clientv3.Compare(clientv3.CreateRevision(key), "=", 0)).
			Then(clientv3.OpPut(key, session, clientv3.WithLease(lease))).
			Commit()
		if err != nil || !claimed.Succeeded {
			log.Fatalf("claim of %s: %v", key, err)
		}
		record("claim", start)
		start = time.Now()
		released, err := client.Delete(ctx, key)
		if err != nil || released.Deleted != 1 {
			log.Fatalf("release of %s: %v", key, err)
		}
		record("release", start)
	}
	return out, requests
}

func main() {
	endpoint := flag.String("endpoint", "127.0.0.1:2379", "")
	clients := flag.Int("clients", 1, "")
	warmup := flag.Float64("warmup", 1, "seconds")
	seconds := flag.Float64("seconds", 5, "")
	flag.Parse()

	connections := make([]*clientv3.Client, *clients)
	leases := make([]clientv3.LeaseID, *clients)
	for i := range connections {
		connections[i], leases[i] = connect(*endpoint)
	}
	from := time.Now().Add(time.Duration(*warmup * float64(time.Second)))
	to := from.Add(time.Duration(*seconds * float64(time.Second)))
	var mutex sync.Mutex
	var group sync.WaitGroup
	var samples []sample
	requests := 0
	for i := range connections {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			taken, count := work(i, connections[i], leases[i], from, to)
			mutex.Lock()
			defer mutex.Unlock()
			samples = append(samples, taken...)
			requests += count
		}(i)
	}
	group.Wait()
	report := map[string]interface{}{
		"seconds":  *seconds,
		"requests": requests,
		"all":      summarize(samples, "", *seconds),
		"steps": map[string]summary{
			"claim":   summarize(samples, "claim", *seconds),
			"release": summarize(samples, "release", *seconds),
		},
	}
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		log.Fatal(err)
	}
}
