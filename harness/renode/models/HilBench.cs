// SPDX-License-Identifier: Apache-2.0
// The way in and out of one emulated board. `emulation HilServe "machine" "uart" "requests" "answers"` serves two named pipes
// until the first one ends: no monitor command, no listener, no copy of a byte as text. Everything is little endian:
//
//   request  kind:u8 length:u32 payload          answer  status:u8 length:u32 payload (status 1: text of an error)
//   'S' baud:u32 microseconds:u32 bytes...       virtual time passes; each byte arrives when a line of that speed brings it.
//                                                A step ends early once something was sent and nothing is on its way here.
//       -> virtual microseconds:u64 instructions:u64 bytes still on their way:u32 sent bytes...
//   'R' address:u32 size:u32 -> bytes            'W' address:u32 bytes... -> nothing
//   'X' vectors:u32 -> nothing                   reset; the core will start at that vector table, now and after each reset
//   'C' -> pc:u32 lr:u32 sp:u32 halted:u8        the core
//
// The constructors and calls are those that every version from 1.13 to 1.16 has, but for what the harness replaces (machine.py).
using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Peripherals.Timers;
using Antmicro.Renode.Peripherals.UART;
using Antmicro.Renode.Time;

namespace Antmicro.Renode.Hil
{
    public static class HilBenchExtensions
    {
        public static void HilServe(this Emulation emulation, string machine, string uart, string requests, string answers)
        {
            using(var input = new FileStream(requests, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
            using(var output = new FileStream(answers, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                new HilBench(emulation, machine, uart).Serve(input, output);
            }
        }
    }

    public class HilBench
    {
        public HilBench(Emulation emulation, string name, string port)
        {
            this.emulation = emulation;
            var machine = emulation[name];
            reset = () => machine.Reset();
            read = (address, size) => machine.SystemBus.ReadBytes(address, size);
            write = (address, data) => machine.SystemBus.WriteBytes(data, address);
            cpu = (CortexM)machine["sysbus.cpu"];
            uart = (IUART)machine["sysbus." + port];
            uart.CharReceived += sent.Add;
            // A machine's reset makes the core forget its vectors, the firmware's own included.
            machine.MachineReset += _ => Restart();
            line = new LimitTimer(machine.ClockSource, 1000000u, uart, "line", BitsPerByte, Direction.Ascending, false,
                WorkMode.Periodic, true, true);
            line.LimitReached += Deliver;
        }

        public void Serve(Stream input, Stream output)
        {
            var head = new byte[HeadSize];
            while(Fill(input, head))
            {
                var payload = new byte[BitConverter.ToUInt32(head, 1)];
                if(!Fill(input, payload))
                {
                    return;
                }
                byte status = 0;
                byte[] answer;
                try
                {
                    answer = Obey((char)head[0], payload);
                }
                catch(Exception error)
                {
                    status = 1;
                    answer = Encoding.UTF8.GetBytes(error.Message);
                }
                var whole = new byte[HeadSize + answer.Length];
                whole[0] = status;
                BitConverter.GetBytes((uint)answer.Length).CopyTo(whole, 1);
                answer.CopyTo(whole, HeadSize);
                output.Write(whole, 0, whole.Length);
                output.Flush();
            }
        }

        private byte[] Obey(char kind, byte[] payload)
        {
            switch(kind)
            {
            case 'S':
                return Step(Word(payload, 0), Word(payload, 4), payload);
            case 'R':
                return read(Word(payload, 0), (int)Word(payload, 4));
            case 'W':
                var data = new byte[payload.Length - 4];
                Array.Copy(payload, 4, data, 0, data.Length);
                write(Word(payload, 0), data);
                return new byte[0];
            case 'X':
                vectors = Word(payload, 0);
                reset();
                Restart(); // before the first step a reset does nothing: then the table has not been told yet
                return new byte[0];
            case 'C':
                return Pack(to =>
                {
                    to.Write((uint)cpu.PC.RawValue);
                    to.Write((uint)cpu.GetRegister(14).RawValue);
                    to.Write((uint)cpu.GetRegister(13).RawValue);
                    to.Write(cpu.IsHalted);
                });
            default:
                throw new ArgumentException("no such request: " + kind);
            }
        }

        private byte[] Step(uint baud, uint microseconds, byte[] payload)
        {
            line.Frequency = baud;
            for(var i = 8; i < payload.Length; i++)
            {
                waiting.Enqueue(payload[i]);
            }
            line.Enabled = waiting.Count > 0;
            var left = microseconds;
            while(left > 0 && (left == microseconds || sent.Count == 0 || waiting.Count > 0))
            {
                var now = Math.Min(left, SliceMicroseconds);
                emulation.RunFor(TimeInterval.FromMicroseconds(now));
                left -= now;
            }
            var answer = Pack(to =>
            {
                to.Write((ulong)Math.Round(emulation.MasterTimeSource.ElapsedVirtualTime.TotalSeconds * 1e6));
                to.Write((ulong)cpu.ExecutedInstructions);
                to.Write((uint)waiting.Count);
                to.Write(sent.ToArray());
            });
            sent.Clear();
            return answer;
        }

        private void Deliver()
        {
            if(waiting.Count > 0)
            {
                uart.WriteChar(waiting.Dequeue());
            }
            line.Enabled = waiting.Count > 0;
        }

        private void Restart()
        {
            waiting.Clear();
            line.Enabled = false;
            cpu.VectorTableOffset = vectors;
        }

        private static bool Fill(Stream stream, byte[] buffer)
        {
            for(var at = 0; at < buffer.Length;)
            {
                var count = stream.Read(buffer, at, buffer.Length - at);
                if(count <= 0)
                {
                    return false;
                }
                at += count;
            }
            return true;
        }

        private static uint Word(byte[] payload, int at)
        {
            return BitConverter.ToUInt32(payload, at);
        }

        private static byte[] Pack(Action<BinaryWriter> fill)
        {
            using(var stream = new MemoryStream())
            using(var writer = new BinaryWriter(stream))
            {
                fill(writer);
                writer.Flush();
                return stream.ToArray();
            }
        }

        private uint vectors;
        private readonly Emulation emulation;
        private readonly CortexM cpu;
        private readonly IUART uart;
        private readonly LimitTimer line;
        private readonly Action reset;
        private readonly Func<ulong, int, byte[]> read;
        private readonly Action<ulong, byte[]> write;
        private readonly Queue<byte> waiting = new Queue<byte>();
        private readonly List<byte> sent = new List<byte>();

        private const int HeadSize = 5;
        private const uint BitsPerByte = 10;
        private const uint SliceMicroseconds = 500;
    }
}
