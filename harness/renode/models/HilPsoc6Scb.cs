// SPDX-License-Identifier: Apache-2.0
// A PSoC 6 serial communication block in UART mode for Renode, which has none that receives. Renode compiles it when it is
// included. Written for 1.15 and later; for older versions the harness replaces the constructor's IMachine by Machine.
//
// Modelled, as far as a driver with FIFOs and interrupts goes: both FIFOs' levels, RX data, TX data, the request, mask and
// masked registers, INTR_CAUSE, clearing the RX FIFO. Not modelled: time (a byte leaves when it is written), baud rate,
// overflow, framing errors, every other mode. C# 6 at most: old versions compile with what they bring.
using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals.Bus;

namespace Antmicro.Renode.Peripherals.UART
{
    public class HilPsoc6Scb : UARTBase, IDoubleWordPeripheral, IKnownSize
    {
        public HilPsoc6Scb(IMachine machine) : base(machine)
        {
            IRQ = new GPIO();
            Reset();
        }

        public override void Reset()
        {
            base.Reset();
            System.Array.Clear(words, 0, words.Length);
            words[Ctrl / 4] = CtrlReset;
            words[UartCtrl / 4] = UartCtrlReset;
            words[UartTxCtrl / 4] = UartTxCtrlReset;
            words[UartRxCtrl / 4] = UartRxCtrlReset;
            words[TxCtrl / 4] = TxCtrlReset;
            words[RxCtrl / 4] = RxCtrlReset;
            done = 0;
            Signal();
        }

        public uint ReadDoubleWord(long offset)
        {
            switch(offset)
            {
            case TxFifoStatus:
                return 0; // nothing waits, and the shift register is empty
            case RxFifoStatus:
                return Level;
            case RxFifoRd:
                return Take();
            case IntrCause:
                return (TxWanted != 0 ? IntrCauseTx : 0) | (RxWanted != 0 ? IntrCauseRx : 0);
            case IntrTx:
                return TxRequests;
            case IntrTxMasked:
                return TxWanted;
            case IntrRx:
                return RxRequests;
            case IntrRxMasked:
                return RxWanted;
            default:
                return words[offset / 4];
            }
        }

        public void WriteDoubleWord(long offset, uint value)
        {
            switch(offset)
            {
            case TxFifoWr:
                if((words[Ctrl / 4] & CtrlEnabled) != 0)
                {
                    TransmitCharacter((byte)value);
                    done = IntrTxUartDone;
                }
                break;
            case IntrTx:
                done &= ~value; // what still holds asks again at once: only the past can be acknowledged
                break;
            case IntrRx:
            case TxFifoStatus:
            case RxFifoStatus:
            case IntrCause:
            case IntrTxMasked:
            case IntrRxMasked:
                break;
            case RxFifoCtrl:
                words[offset / 4] = value;
                byte dropped;
                while((value & RxFifoCtrlClear) != 0 && TryGetCharacter(out dropped))
                {
                }
                break;
            default:
                words[offset / 4] = value;
                break;
            }
            Signal();
        }

        public long Size { get { return 0x1000; } }
        public GPIO IRQ { get; private set; }
        public override uint BaudRate { get { return 115200; } }
        public override Parity ParityBit { get { return Parity.None; } }
        public override Bits StopBits { get { return Bits.One; } }

        protected override void CharWritten()
        {
            Signal();
        }

        protected override void QueueEmptied()
        {
            Signal();
        }

        private uint Take()
        {
            byte value;
            if(!TryGetCharacter(out value))
            {
                return 0xFFFFFFFF;
            }
            Signal();
            return value;
        }

        private void Signal()
        {
            IRQ.Set(TxWanted != 0 || RxWanted != 0);
        }

        private int Entries { get { return (words[Ctrl / 4] & CtrlByteMode) != 0 ? 128 : 64; } }
        private uint Level { get { return (uint)System.Math.Min(Count, Entries); } }
        private uint TxRequests { get { return IntrTxTrigger | IntrTxNotFull | IntrTxEmpty | done; } }
        private uint TxWanted { get { return TxRequests & words[IntrTxMask / 4]; } }
        private uint RxWanted { get { return RxRequests & words[IntrRxMask / 4]; } }

        private uint RxRequests
        {
            get
            {
                var level = Level;
                return (level > (words[RxFifoCtrl / 4] & RxFifoCtrlTriggerLevel) ? IntrRxTrigger : 0)
                    | (level > 0 ? IntrRxNotEmpty : 0)
                    | (level >= Entries ? IntrRxFull : 0);
            }
        }

        private uint done;
        private readonly uint[] words = new uint[0x1000 / 4];

        // A test holds the names, places and reset values below against Infineon's SVD.
        private const long Ctrl = 0x000;
        private const long UartCtrl = 0x040;
        private const long UartTxCtrl = 0x044;
        private const long UartRxCtrl = 0x048;
        private const long TxCtrl = 0x200;
        private const long TxFifoStatus = 0x208;
        private const long TxFifoWr = 0x240;
        private const long RxCtrl = 0x300;
        private const long RxFifoCtrl = 0x304;
        private const long RxFifoStatus = 0x308;
        private const long RxFifoRd = 0x340;
        private const long IntrCause = 0xE00;
        private const long IntrTx = 0xF80;
        private const long IntrTxMask = 0xF88;
        private const long IntrTxMasked = 0xF8C;
        private const long IntrRx = 0xFC0;
        private const long IntrRxMask = 0xFC8;
        private const long IntrRxMasked = 0xFCC;

        private const uint CtrlReset = 0x0300000F;
        private const uint UartCtrlReset = 0x03000000;
        private const uint UartTxCtrlReset = 0x00000002;
        private const uint UartRxCtrlReset = 0x000A0002;
        private const uint TxCtrlReset = 0x00000107;
        private const uint RxCtrlReset = 0x00000107;

        private const uint CtrlByteMode = 1u << 11;
        private const uint CtrlEnabled = 1u << 31;
        private const uint RxFifoCtrlTriggerLevel = 0xFFu << 0;
        private const uint IntrCauseTx = 1u << 2;
        private const uint IntrCauseRx = 1u << 3;
        private const uint RxFifoCtrlClear = 1u << 16;
        private const uint IntrTxTrigger = 1u << 0;
        private const uint IntrTxNotFull = 1u << 1;
        private const uint IntrTxEmpty = 1u << 4;
        private const uint IntrTxUartDone = 1u << 9;
        private const uint IntrRxTrigger = 1u << 0;
        private const uint IntrRxNotEmpty = 1u << 2;
        private const uint IntrRxFull = 1u << 3;
    }
}
