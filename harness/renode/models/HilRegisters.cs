// SPDX-License-Identifier: Apache-2.0
// A stand-in for a peripheral that only has to satisfy start-up code: it keeps what is written, and flags follow other bits.
// Lists of hexadecimal numbers, a comma between the entries:
//
//   initial  "offset=value"                  what a register holds after a reset, 0 where nothing is said
//   follows  "at:source:mask:up:down"        register `at` shows the bits `mask` of `source`, moved up and down
//   always   "offset=mask"                   bits that read as 1
//
// Written for 1.15 and later; for older versions the harness replaces the constructor's IMachine by Machine.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals.Bus;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class HilRegisters : IDoubleWordPeripheral, IWordPeripheral, IBytePeripheral, IKnownSize
    {
        public HilRegisters(IMachine machine, long size, string initial = "", string follows = "", string always = "")
        {
            Size = size;
            words = new uint[size / 4];
            this.initial = Parse(initial);
            this.follows = Parse(follows);
            this.always = Parse(always);
            Reset();
        }

        public void Reset()
        {
            Array.Clear(words, 0, words.Length);
            foreach(var entry in initial)
            {
                words[entry[0] / 4] = entry[1];
            }
        }

        public uint ReadDoubleWord(long offset)
        {
            return Read(offset, 4);
        }

        public ushort ReadWord(long offset)
        {
            return (ushort)Read(offset, 2);
        }

        public byte ReadByte(long offset)
        {
            return (byte)Read(offset, 1);
        }

        public void WriteDoubleWord(long offset, uint value)
        {
            Write(offset, value, 4);
        }

        public void WriteWord(long offset, ushort value)
        {
            Write(offset, value, 2);
        }

        public void WriteByte(long offset, byte value)
        {
            Write(offset, value, 1);
        }

        public long Size { get; private set; }

        private uint Read(long offset, int width)
        {
            var at = (uint)offset & ~3u;
            var seen = words[at / 4];
            foreach(var entry in follows)
            {
                if(entry[0] == at)
                {
                    var up = (int)entry[3];
                    var down = (int)entry[4];
                    seen = (seen & ~(entry[2] << up >> down)) | ((words[entry[1] / 4] & entry[2]) << up >> down);
                }
            }
            foreach(var entry in always)
            {
                seen |= entry[0] == at ? entry[1] : 0;
            }
            return (seen >> Shift(offset)) & Lanes(width);
        }

        private void Write(long offset, uint value, int width)
        {
            var lanes = Lanes(width) << Shift(offset);
            var at = offset / 4;
            words[at] = (words[at] & ~lanes) | ((value << Shift(offset)) & lanes);
        }

        private static int Shift(long offset)
        {
            return 8 * (int)(offset & 3);
        }

        private static uint Lanes(int width)
        {
            return width == 4 ? uint.MaxValue : (1u << 8 * width) - 1;
        }

        private static uint[][] Parse(string list)
        {
            return list.Split(new[] { ',' }, StringSplitOptions.RemoveEmptyEntries)
                .Select(entry => entry.Split('=', ':')
                    .Select(number => uint.Parse(number, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray())
                .ToArray();
        }

        private readonly uint[] words;
        private readonly uint[][] initial;
        private readonly uint[][] follows;
        private readonly uint[][] always;
    }
}
