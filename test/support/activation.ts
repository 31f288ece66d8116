// A service manager in ten lines, as systemd does it (sd_listen_fds(3)): it opens the driver's socket, and starts the program only
// when somebody calls. Perl, because Node takes the calls of a socket that it opens itself.
import { SOCKET } from '../../src/lib/plugin/socket.ts'
import { PROGRAM } from './ovsd.ts'

const MANAGER = `
use strict; use Socket;
my ($path, $seconds, @command) = @ARGV;
$^F = 3; umask 0177; unlink $path;
my $socket;
socket($socket, AF_UNIX, SOCK_STREAM, 0) and bind($socket, sockaddr_un($path)) and listen($socket, 128) or die $!;
fileno($socket) == 3 or die 'not the first descriptor';
print STDERR qq({"time":"2026-01-01T00:00:00.000Z","level":"info","event":"manager.listens","msg":""}\\n);
vec(my $called = '', 3, 1) = 1;
select($called, undef, undef, undef);
print STDERR qq({"time":"2026-01-01T00:00:00.000Z","level":"info","event":"manager.called","msg":""}\\n);
select(undef, undef, undef, $seconds);
@ENV{'LISTEN_PID', 'LISTEN_FDS'} = ($$, 1);
exec @command or die $!;
`

/** What starts the program so many seconds after the first call has come; `path` is that of the socket. */
export const activated = (seconds: number, path = SOCKET): readonly string[] => [
  ...['perl', '-e', MANAGER, path, String(seconds)],
  ...PROGRAM,
]
