// A verifier of hanbok's exported logs that shares no code with hanbok: it stands on Go's sumdb packages, which
// verify the checksum database of Go modules. Built by test_verifier.py; usable on its own:
//
//	verifier tree DIR VKEY [OLDER_CHECKPOINT]   every entry against the signed root; the older tree is its start
//	verifier proof FILE VKEY                     one entry in a tlog-proof
package main

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8
const width = 1 << height

// A checkpoint is three lines: origin, size, root. tlog.ParseTree only knows the one origin of Go's own log.
func checkpoint(data []byte, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.SplitN(opened.Text, "\n", 4)
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

type tiles struct{ dir string }

func (t tiles) Height() int                       { return height }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte)   {}
func (t tiles) ReadTiles(all []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, one := range all {
		data, err := read(t.dir, strconv.Itoa(one.L), one.N, one.W)
		if err != nil {
			return nil, err
		}
		if len(data) < one.W*tlog.HashSize {
			return nil, fmt.Errorf("tile %d/%d is short", one.L, one.N)
		}
		out = append(out, data[:one.W*tlog.HashSize])
	}
	return out, nil
}

// tlog-tiles: tile/<L>/<N>[.p/<W>]; where a partial tile is gone, a fuller one may stand.
func read(dir, level string, n int64, w int) ([]byte, error) {
	name := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	path := filepath.Join(dir, "tile", level, name)
	if w < width {
		if data, err := os.ReadFile(filepath.Join(path+".p", strconv.Itoa(w))); err == nil {
			return data, nil
		}
	}
	return os.ReadFile(path)
}

func tree(dir, vkey, older string) error {
	data, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	now, err := checkpoint(data, vkey)
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(now, tiles{dir})
	expired := 0
	for at := int64(0); at < now.N; at += width {
		w := int(now.N - at)
		if w > width {
			w = width
		}
		bundle, err := read(dir, "entries", at/width, w)
		if err != nil {
			return err
		}
		for i := int64(0); i < int64(w); i++ {
			if len(bundle) < 2 {
				return fmt.Errorf("entry %d: the bundle ends", at+i)
			}
			size := int(binary.BigEndian.Uint16(bundle))
			if len(bundle) < 2+size {
				return fmt.Errorf("entry %d: the bundle ends", at+i)
			}
			entry := bundle[2 : 2+size]
			bundle = bundle[2+size:]
			leaf := tlog.RecordHash(entry)
			if size == 0 { // its time is over: the tree still holds its hash
				expired++
				read, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, at+i)})
				if err != nil {
					return err
				}
				leaf = read[0]
			}
			proof, err := tlog.ProveRecord(now.N, at+i, hashes)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(proof, now.N, now.Hash, at+i, leaf); err != nil {
				return fmt.Errorf("entry %d: %v", at+i, err)
			}
		}
		if len(bundle) != 0 {
			return fmt.Errorf("bundle %d holds more than its entries", at/width)
		}
	}
	if older != "" {
		data, err := os.ReadFile(older)
		if err != nil {
			return err
		}
		then, err := checkpoint(data, vkey)
		if err != nil {
			return err
		}
		if then.N > now.N {
			return fmt.Errorf("the log had %d entries and has %d: rolled back", then.N, now.N)
		}
		proof, err := tlog.ProveTree(now.N, then.N, hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, now.N, now.Hash, then.N, then.Hash); err != nil {
			return fmt.Errorf("not a continuation: %v", err)
		}
	}
	fmt.Printf("%d entries, %d expired, root %s\n", now.N, expired, now.Hash)
	return nil
}

// C2SP tlog-proof: header, extra (here the entry), index, path, empty line, checkpoint.
func proof(file, vkey string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, signed, found := strings.Cut(string(data), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a proof with its entry")
	}
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return err
	}
	var path tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		path = append(path, hash)
	}
	at, err := checkpoint([]byte(signed), vkey)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(path, at.N, at.Hash, index, tlog.RecordHash(entry)); err != nil {
		return err
	}
	fmt.Printf("entry %d of %d: %s\n", index, at.N, entry)
	return nil
}

func main() {
	args := append(os.Args[1:], "", "", "", "")
	var err error
	switch args[0] {
	case "tree":
		err = tree(args[1], args[2], args[3])
	case "proof":
		err = proof(args[1], args[2])
	default:
		err = errors.New("tree or proof")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
