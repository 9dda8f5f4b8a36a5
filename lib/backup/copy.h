#pragma once

#include "backup/dump.h"
#include "backup/method.h"

namespace dlpx {

// A logical copy by parallel connections that share one consistent snapshot; no file in between.
struct CopyRequest : DumpRequest {
  unsigned connections = 0;  // at each of both servers; 0: as many as this host's processors suggest
};

// As dumpInto(), with the same promises, the same privileges at the source and the same errors; faster, and
// exact for FLOAT, too. Rows travel as text of the source's own bytes into LOAD DATA LOCAL, ranges of the
// primary key of a large table at the same time; secondary indexes of plain InnoDB tables are built when the
// rows are there. Rows that the target takes differently than they were sent (warnings, counts) are an
// Error{restore}. Tables without transactions have no snapshot: they are noted. The source sees reads only,
// and no table is kept from being altered longer than its rows are read. Memory: a few MB and one row for
// each connection.
DumpReport copyInto(const CopyRequest& request);

// Whether the account may open the connections that copyInto() needs, and every table has rows to read.
MethodVerdict copyFits(Session& source, const std::vector<std::string>& databases);

// What 0 connections mean.
unsigned copyConnections();

}  // namespace dlpx
